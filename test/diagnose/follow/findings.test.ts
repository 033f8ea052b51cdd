import { describe, expect, test } from 'vitest';
import { diagnoseText, findingsIn, gist } from '../run/read-text.js';

/** Process 1 maps 71 bytes; what happens before and after is the test's. */
const OPENED = `1 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3
1 fstat(3, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0`;
const MAPPED = '1 mmap(NULL, 71, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000';
const EMPTIED = '2 openat(AT_FDCWD, "/d/cache", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5';
const WRITTEN = '2 write(5, "abc"..., 71) = 71';
const CLOSED = '2 close(5) = 0';
const SIGBUS = '1 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---';
const KILLED = '1 +++ killed by SIGBUS +++';
const log = (...lines: string[]) => `${lines.join('\n')}\n`;
const DEATH = { kind: 'sigbus-after-truncate', path: '/d/cache', victim: 1, culprit: 2 };

describe('sigbus-after-truncate', () => {
  test('joins victim, mapping and culprit, with the lines that show it', async () => {
    const { findings } = await diagnoseText(log(OPENED, EMPTIED, MAPPED, SIGBUS, KILLED, WRITTEN, CLOSED));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      ...DEATH,
      victim: {
        pid: 1,
        address: '0x7f0000001000',
        died: true,
        line: 5,
        mapping: { address: '0x7f0000001000', length: 71, offset: 0, line: 4 },
      },
      culprit: { pid: 2, line: 3, lock: 'none', call: expect.stringContaining('O_TRUNC') },
      evidence: [1, 2, 3, 4, 5, 7],
    });
    expect(findings[0]?.timeline.map(({ role, kind }) => `${role} ${kind}`)).toEqual([
      'victim open',
      'victim look',
      'culprit truncate',
      'victim map',
      'victim signal',
      'culprit write',
    ]);
    expect(findings[0]?.message).toMatch(
      /^Process 1 was hit by SIGBUS at 0x7f0000001000 \(line 5\), .*process 2 had emptied it \(line 3\)/,
    );
  });

  test('a truncation after the mapping counts as well', async () => {
    expect(await findingsIn(log(OPENED, MAPPED, EMPTIED, SIGBUS))).toEqual([DEATH]);
  });

  test('a truncation that was made good after the mapping, and before the signal, is the cause', async () => {
    expect(await findingsIn(log(OPENED, MAPPED, EMPTIED, WRITTEN, CLOSED, SIGBUS))).toEqual([DEATH]);
  });

  test('a truncation that had been written again before the victim looked is not the cause, and the log is said not to hold it', async () => {
    const { findings } = await diagnoseText(log(EMPTIED, WRITTEN, CLOSED, OPENED, MAPPED, SIGBUS));
    expect(findings.map(gist)).toEqual([{ ...DEATH, culprit: undefined }].map(({ culprit: _, ...rest }) => rest));
    expect(findings[0]?.message).toContain('process had seen 71 bytes (line 5)');
    expect(findings[0]?.advice).toContain('auditctl -w /d/cache');
  });

  test('the same of a file that was known before: the truncation is named as what it was not', async () => {
    const before = log('2 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 4', '2 close(4) = 0');
    const { findings } = await diagnoseText(before + log(EMPTIED, WRITTEN, CLOSED, OPENED, MAPPED, SIGBUS));
    expect(findings[0]).not.toHaveProperty('culprit');
    expect(findings[0]?.message).toMatch(
      /Process 2 had emptied it \(line 3\), but it had been written again by line 4, before the process looked/,
    );
  });

  test('nor is one that somebody outside of the log had made good, as the look at the length shows', async () => {
    const { findings } = await diagnoseText(
      log('2 openat(AT_FDCWD, "/d/cache", O_RDWR) = 4', '2 ftruncate(4, 0) = 0', OPENED, MAPPED, SIGBUS),
    );
    expect(findings.filter(({ kind }) => kind === 'sigbus-after-truncate')[0]).not.toHaveProperty('culprit');
  });

  test('a cut that leaves the page alone is not the cause: 5000 to 4500 gives zeros', async () => {
    const lines = (cut: number, address: string) =>
      log(
        '1 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3',
        '1 mmap(NULL, 5000, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000',
        `2 truncate("/d/cache", ${cut}) = 0`,
        `1 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=${address}} ---`,
      );
    const [first] = (await diagnoseText(lines(4500, '0x7f0000002000'))).findings;
    expect(first).not.toHaveProperty('culprit');
    expect(await findingsIn(lines(4096, '0x7f0000002000'))).toEqual([DEATH]);
    const [third] = (await diagnoseText(lines(4096, '0x7f0000001000'))).findings;
    expect(third).not.toHaveProperty('culprit');
  });

  test('victim and culprit may be one process', async () => {
    const own = log(OPENED, MAPPED, '1 truncate("/d/cache", 0) = 0', SIGBUS);
    const { findings } = await diagnoseText(own);
    expect(findings.map(gist)).toEqual([{ ...DEATH, culprit: 1 }]);
    expect(findings[0]?.message).toContain('it had itself emptied it');
  });

  test('a truncation that is still under way when the signal comes', async () => {
    const half = '2 openat(AT_FDCWD, "/d/cache", O_WRONLY|O_CREAT|O_TRUNC, 0666 <unfinished ...>';
    const { findings } = await diagnoseText(log(OPENED, half, MAPPED, SIGBUS, '2 <... openat resumed>) = 5', WRITTEN));
    expect(findings.map(gist)).toEqual([DEATH]);
    expect(findings[0]?.culprit?.line).toBe(3);
  });

  test('a log that begins after the mapping says what it does not know', async () => {
    const { findings } = await diagnoseText(log(SIGBUS, KILLED));
    expect(findings).toMatchObject([{ kind: 'sigbus-after-truncate', path: null, victim: { pid: 1, died: true } }]);
    expect(findings[0]?.advice).toContain('holdfast diagnose --pid');
  });

  test('with -y a log may begin after the file was opened', async () => {
    const late = '1 mmap(NULL, 71, PROT_READ, MAP_SHARED, 3</d/cache>, 0) = 0x7f0000001000';
    expect(await findingsIn(log(late, '2 ftruncate(5</d/cache>, 0) = 0', SIGBUS))).toEqual([DEATH]);
  });

  test.each([
    ['sent by somebody', '1 --- SIGBUS {si_signo=SIGBUS, si_code=SI_USER, si_pid=7, si_uid=0} ---'],
    ['of an unaligned access', '1 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRALN, si_addr=0x7f0000001000} ---'],
  ])('no word of a SIGBUS %s', async (_, signal) => {
    const found = await findingsIn(log(OPENED, MAPPED, EMPTIED, signal));
    expect(found.map(({ kind }) => kind)).toEqual(['truncate-under-mapping']);
  });

  test('a handler that is hit for ever is one finding', async () => {
    expect(await findingsIn(log(OPENED, MAPPED, EMPTIED, SIGBUS, SIGBUS, SIGBUS))).toEqual([DEATH]);
  });

  test('tells who held the sidecar', async () => {
    const lock = log('2 openat(AT_FDCWD, "/d/cache.lock", O_RDWR|O_CREAT, 0666) = 4', '2 flock(4, LOCK_EX) = 0');
    const { findings } = await diagnoseText(lock + log(OPENED, MAPPED, EMPTIED, SIGBUS));
    const [death] = findings;
    expect(death).toMatchObject({
      held: [{ pid: 2, path: '/d/cache.lock', mode: 'exclusive', line: 2 }],
      culprit: { lock: 'exclusive' },
      victim: { lock: 'none' },
    });
    // And it is the reader who forgot it.
    expect(findings.slice(1).map(gist)).toEqual([{ kind: 'unlocked-reader', path: '/d/cache', reader: 1, writer: 2 }]);
  });
});

describe('mappings', () => {
  const cut = '2 truncate("/d/cache", 0) = 0';
  const hit = (address: string) => `1 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=${address}} ---`;
  const open = '1 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3';
  const map = '1 mmap(NULL, 12288, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000';
  const paths = async (...lines: string[]) => (await findingsIn(log(open, map, ...lines))).map(({ path }) => path);

  test('a part that was unmapped is gone, the parts around it are not', async () => {
    const unmap = '1 munmap(0x7f0000002000, 4096) = 0';
    expect(await paths(unmap, cut, hit('0x7f0000001000'))).toEqual(['/d/cache']);
    expect(await paths(unmap, cut, hit('0x7f0000003000'))).toEqual(['/d/cache']);
    expect(await paths(unmap, cut, hit('0x7f0000002000'))).toEqual([null, '/d/cache']);
  });

  test('moved by mremap', async () => {
    const move = '1 mremap(0x7f0000001000, 12288, 16384, MREMAP_MAYMOVE) = 0x7f0000101000';
    expect(await paths(move, cut, hit('0x7f0000104000'))).toEqual(['/d/cache']);
    expect(await paths(move, cut, hit('0x7f0000001000'))).toEqual([null, '/d/cache']);
  });

  test('mapped over with MAP_FIXED', async () => {
    const over = '1 mmap(0x7f0000002000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x7f0000002000';
    expect(await paths(over, cut, hit('0x7f0000002000'))).toEqual([null, '/d/cache']);
    expect(await paths(over, cut, hit('0x7f0000003000'))).toEqual(['/d/cache']);
  });

  test('inherited over fork, shared by threads, gone with execve', async () => {
    const fork = '1 fork() = 9';
    const thread = '1 clone(child_stack=0x7f00, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 9';
    const nine = hit('0x7f0000001000').replace(/^1/, '9');
    expect(await findingsIn(log(open, map, fork, cut, nine))).toEqual([{ ...DEATH, victim: 9 }]);
    expect(await findingsIn(log(open, map, thread, cut, nine))).toEqual([DEATH]);
    const exec = '9 execve("/bin/true", ["true"], 0x7ffc /* 3 vars */) = 0';
    expect((await findingsIn(log(open, map, fork, exec, cut, nine))).map(({ path }) => path)).toEqual([
      null,
      '/d/cache',
    ]);
  });
});

describe('names', () => {
  const later = [MAPPED, SIGBUS] as const;
  const open = '1 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3';

  test('a published file is another file: truncating it does not concern who mapped the old one', async () => {
    const publish = log(
      '2 openat(AT_FDCWD, "/d/t", O_WRONLY|O_CREAT|O_EXCL, 0666) = 5',
      WRITTEN,
      CLOSED,
      '2 rename("/d/t", "/d/cache") = 0',
    );
    expect((await findingsIn(log(open, MAPPED) + publish + log('2 truncate("/d/cache", 0) = 0', SIGBUS)))[0]).toEqual({
      kind: 'sigbus-after-truncate',
      path: '/d/cache',
      victim: 1,
    });
  });

  test.each([
    ['renamed before', '2 rename("/d/cache", "/d/old") = 0', '2 truncate("/d/old", 0) = 0', '/d/old'],
    [
      'exchanged before',
      '2 renameat2(AT_FDCWD, "/d/cache", AT_FDCWD, "/d/t", RENAME_EXCHANGE) = 0',
      '2 truncate("/d/t", 0) = 0',
      '/d/t',
    ],
    ['linked to', '2 link("/d/cache", "/d/other") = 0', '2 truncate("/d/other", 0) = 0', '/d/cache'],
    ['in the working directory', '2 chdir("/d") = 0', '2 truncate("cache", 0) = 0', '/d/cache'],
    [
      'through a folder',
      '2 open("/d", O_RDONLY|O_DIRECTORY) = 7',
      '2 openat(7, "../d/./cache", O_WRONLY|O_TRUNC) = 8',
      '/d/cache',
    ],
    [
      'by openat2',
      '2 getuid() = 0',
      '2 openat2(AT_FDCWD, "/d/cache", {flags=O_WRONLY|O_TRUNC, resolve=0}, 24) = 8',
      '/d/cache',
    ],
    ['by creat', '2 getuid() = 0', '2 creat("/d/cache", 0666) = 8', '/d/cache'],
    [
      'through a copy of a descriptor',
      '2 open("/d/cache", O_RDWR) = 7\n2 dup2(7, 9) = 9\n2 close(7) = 0',
      '2 ftruncate(9, 0) = 0',
      '/d/cache',
    ],
    [
      'through F_DUPFD',
      '2 open("/d/cache", O_RDWR) = 7\n2 fcntl(7, F_DUPFD_CLOEXEC, 20) = 20',
      '2 ftruncate(20, 0) = 0',
      '/d/cache',
    ],
    [
      'through an inherited descriptor',
      '3 open("/d/cache", O_RDWR) = 7\n3 fork() = 2',
      '2 ftruncate(7, 0) = 0',
      '/d/cache',
    ],
  ])('truncated under a mapping: a file %s', async (_, before, truncate, path) => {
    expect(await findingsIn(log(open, before, ...later.slice(0, 1), truncate, SIGBUS))).toEqual([{ ...DEATH, path }]);
  });

  test('descriptors that are close-on-exec do not reach the new program, others do', async () => {
    const files = log(
      '2 open("/d/cache", O_RDWR|O_CLOEXEC) = 7',
      '2 open("/d/cache", O_RDWR) = 8',
      '2 execve("/bin/x", ["x"], 0x7ff /* 1 var */) = 0',
    );
    const [closed] = (await diagnoseText(files + log(open, MAPPED, '2 ftruncate(7, 0) = 0', SIGBUS))).findings;
    expect(closed).not.toHaveProperty('culprit');
    expect(await findingsIn(files + log(open, MAPPED, '2 ftruncate(8, 0) = 0', SIGBUS))).toEqual([DEATH]);
  });

  test('close_range closes', async () => {
    const files = log('2 open("/d/cache", O_RDWR) = 7', '2 close_range(3, 4294967295, 0) = 0');
    const [closed] = (await diagnoseText(files + log(open, MAPPED, '2 ftruncate(7, 0) = 0', SIGBUS))).findings;
    expect(closed).not.toHaveProperty('culprit');
  });
});

describe('truncate-under-mapping', () => {
  test('the accident waiting to happen', async () => {
    expect(await findingsIn(log(OPENED, MAPPED, EMPTIED, WRITTEN, CLOSED))).toEqual([
      { kind: 'truncate-under-mapping', path: '/d/cache', victim: 1, culprit: 2 },
    ]);
  });

  test('not where the mapping has gone before', async () => {
    expect(await findingsIn(log(OPENED, MAPPED, '1 munmap(0x7f0000001000, 71) = 0', EMPTIED, WRITTEN))).toEqual([]);
  });

  test('not for a cut within the last page', async () => {
    expect(await findingsIn(log(OPENED, MAPPED, '2 truncate("/d/cache", 70) = 0'))).toEqual([]);
  });
});

describe('empty-read', () => {
  const read = '1 read(3, "", 4096) = 0';
  const EMPTY = { kind: 'empty-read', path: '/d/cache', reader: 1, writer: 2 };

  test('nothing read between truncation and write', async () => {
    expect(await findingsIn(log(OPENED, EMPTIED, read, WRITTEN, CLOSED))).toEqual([EMPTY]);
  });

  test('mmap says EINVAL to a length of 0', async () => {
    const none = '1 mmap(NULL, 0, PROT_READ, MAP_SHARED, 3, 0) = -1 EINVAL (Invalid argument)';
    expect(await findingsIn(log(OPENED, EMPTIED, none, WRITTEN, CLOSED))).toEqual([EMPTY]);
  });

  test('a file that is emptied and stays so was meant to be empty', async () => {
    expect(await findingsIn(log(OPENED, EMPTIED, read, CLOSED))).toEqual([]);
  });

  test('the end of a file is not its beginning', async () => {
    expect(await findingsIn(log(OPENED, '1 read(3, "abc"..., 4096) = 71', read))).toEqual([]);
  });

  test('a length was seen, and nothing was read: whoever emptied it is not in the log', async () => {
    expect(await findingsIn(log(OPENED, read))).toEqual([{ kind: 'empty-read', path: '/d/cache', reader: 1 }]);
  });
});

describe('torn-read-risk', () => {
  const TORN = { kind: 'torn-read-risk', path: '/d/cache', reader: 1, writer: 2 };

  test('the file changed between two pieces of one read', async () => {
    const found = await findingsIn(
      log(
        OPENED,
        '1 read(3, "a", 36) = 36',
        '2 open("/d/cache", O_RDWR) = 5',
        '2 pwrite64(5, "b"..., 71, 0) = 71',
        '1 read(3, "b", 36) = 35',
      ),
    );
    expect(found).toEqual([TORN]);
  });

  test('the writer was in the middle of it, and went on', async () => {
    const found = await findingsIn(
      log(OPENED, EMPTIED, '2 write(5, "b", 36) = 36', '1 read(3, "b", 71) = 36', '2 write(5, "b", 35) = 35', CLOSED),
    );
    expect(found).toEqual([TORN]);
  });

  test('not by appending, not by one whole write, not by a process beside itself', async () => {
    const append = log(
      '2 open("/d/cache", O_WRONLY|O_APPEND) = 5',
      '1 read(3, "a", 36) = 36',
      '2 write(5, "b", 5) = 5',
      '1 read(3, "a", 36) = 36',
    );
    expect(await findingsIn(`${OPENED}\n${append}`)).toEqual([]);
    expect(await findingsIn(log(EMPTIED, WRITTEN, CLOSED, OPENED, '1 read(3, "a", 71) = 71'))).toEqual([]);
    const own = log(
      '1 open("/d/cache", O_RDWR) = 5',
      '1 read(3, "a", 36) = 36',
      '1 write(5, "b", 71) = 71',
      '1 read(3, "a", 36) = 35',
    );
    expect(await findingsIn(`${OPENED}\n${own}`)).toEqual([]);
  });

  test('not where both lock the file itself, as databases do', async () => {
    const lock = (pid: number, fd: number, type: string) =>
      `${pid} fcntl(${fd}, F_SETLK, {l_type=${type}, l_whence=SEEK_SET, l_start=1, l_len=1}) = 0`;
    const database = log(
      '2 open("/d/cache", O_RDWR) = 5',
      lock(1, 3, 'F_RDLCK'),
      '1 read(3, "a", 36) = 36',
      lock(2, 5, 'F_WRLCK'),
      '2 pwrite64(5, "b"..., 71, 0) = 71',
      '1 read(3, "b", 36) = 35',
    );
    expect(await findingsIn(`${OPENED}\n${database}`)).toEqual([]);
  });
});

/** A process locks the sidecar, does what it does, and releases. */
const locked = (pid: number, mode: 'LOCK_SH' | 'LOCK_EX', ...lines: string[]) =>
  log(
    `${pid} open("/d/cache.lock", O_RDWR|O_CREAT, 0666) = 9`,
    `${pid} flock(9, ${mode}) = 0`,
    ...lines,
    `${pid} flock(9, LOCK_UN) = 0`,
    `${pid} close(9) = 0`,
  );
const readBy = (pid: number) =>
  log(`${pid} open("/d/cache", O_RDONLY) = 3`, `${pid} read(3, "a", 71) = 71`, `${pid} close(3) = 0`).trimEnd();
const rewrittenBy = (pid: number) =>
  log(`${pid} open("/d/cache", O_RDWR) = 3`, `${pid} pwrite64(3, "a", 71, 0) = 71`, `${pid} close(3) = 0`).trimEnd();

describe('unlocked-reader, unlocked-writer', () => {
  test('everybody locks: nothing', async () => {
    expect(await findingsIn(locked(1, 'LOCK_SH', readBy(1)) + locked(2, 'LOCK_EX', rewrittenBy(2)))).toEqual([]);
  });

  test('the one that does not is named, with its call', async () => {
    const { findings } = await diagnoseText(
      locked(1, 'LOCK_SH', readBy(1)) + locked(2, 'LOCK_EX', rewrittenBy(2)) + readBy(4),
    );
    expect(findings.map(gist)).toEqual([{ kind: 'unlocked-reader', path: '/d/cache', reader: 4, writer: 2 }]);
    expect(findings[0]?.reader?.call).toBe('read(3, "a", 71) = 71');
  });

  test('also before the log shows anybody locking', async () => {
    expect(await findingsIn(`${readBy(4)}\n${locked(2, 'LOCK_EX', rewrittenBy(2))}`)).toEqual([
      { kind: 'unlocked-reader', path: '/d/cache', reader: 4, writer: 2 },
    ]);
  });

  test('also where the same process locks elsewhere', async () => {
    const both = locked(1, 'LOCK_SH', readBy(1)) + locked(1, 'LOCK_EX', rewrittenBy(1)) + readBy(1);
    expect(await findingsIn(both)).toEqual([{ kind: 'unlocked-reader', path: '/d/cache', reader: 1, writer: 1 }]);
  });

  test('not where the version that was set aside is written again, and published', async () => {
    const exchange = '2 renameat2(AT_FDCWD, "/d/spare", AT_FDCWD, "/d/cache", RENAME_EXCHANGE) = 0';
    const again = [
      '2 open("/d/spare", O_WRONLY) = 5',
      '2 pwrite64(5, "a", 71, 0) = 71',
      '2 close(5) = 0',
      exchange,
    ].join('\n');
    const reader = '4 open("/d/cache", O_RDONLY) = 3';
    const readAndClosed = log('4 read(3, "a", 71) = 71', '4 close(3) = 0');
    const published = (...lines: string[]) => locked(2, 'LOCK_EX', lines.join('\n'));
    expect(await findingsIn(log(reader) + readAndClosed + published(exchange, again, again) + readBy(4))).toEqual([]);
    // Who still has it open sees it change.
    expect(await findingsIn(log(reader) + published(exchange, again) + readAndClosed)).toMatchObject([
      { kind: 'unlocked-reader', reader: 4, writer: 2 },
    ]);
  });

  test('not where the file is published, never changed in place', async () => {
    const publish = locked(
      2,
      'LOCK_EX',
      '2 open("/d/t", O_WRONLY|O_CREAT|O_EXCL, 0666) = 5',
      '2 write(5, "a", 71) = 71',
      '2 close(5) = 0',
      '2 rename("/d/t", "/d/cache") = 0',
    );
    expect(await findingsIn(publish + publish + readBy(4) + log('') + publish)).toEqual([]);
  });

  test('a writer without the lock, or under a shared one', async () => {
    const others = locked(1, 'LOCK_SH', readBy(1)) + locked(5, 'LOCK_EX', rewrittenBy(5));
    expect(await findingsIn(`${others}${rewrittenBy(2)}\n`)).toEqual([
      { kind: 'unlocked-writer', path: '/d/cache', writer: 2 },
    ]);
    const { findings } = await diagnoseText(others + locked(2, 'LOCK_SH', rewrittenBy(2)));
    expect(findings.map(gist)).toEqual([{ kind: 'unlocked-writer', path: '/d/cache', writer: 2 }]);
    expect(findings[0]?.message).toContain('under a shared lock only');
  });

  test('a lock that has been given up counts no more', async () => {
    const early = log('4 open("/d/cache.lock", O_RDWR) = 9', '4 flock(9, LOCK_SH) = 0', '4 close(9) = 0', readBy(4));
    expect(await findingsIn(locked(1, 'LOCK_EX', rewrittenBy(1)) + early)).toEqual([
      { kind: 'unlocked-reader', path: '/d/cache', reader: 4, writer: 1 },
    ]);
  });

  test('a lock on a copy of the descriptor lives until the last is closed; another process does not have it', async () => {
    const copied =
      locked(1, 'LOCK_EX', rewrittenBy(1)) +
      log(
        '4 open("/d/cache.lock", O_RDWR) = 9',
        '4 dup(9) = 8',
        '4 flock(9, LOCK_SH) = 0',
        '4 close(9) = 0',
        readBy(4),
      );
    expect(await findingsIn(copied)).toEqual([]);
    expect(await findingsIn(copied + readBy(6))).toEqual([
      { kind: 'unlocked-reader', path: '/d/cache', reader: 6, writer: 1 },
    ]);
  });

  test('locks of fcntl count, for the process, until they are given up or any descriptor of the sidecar is closed', async () => {
    const lock = '4 fcntl(9, F_SETLKW, {l_type=F_RDLCK, l_whence=SEEK_SET, l_start=0, l_len=0}) = 0';
    const start = locked(1, 'LOCK_EX', rewrittenBy(1)) + log('4 open("/d/cache.lock", O_RDWR) = 9', lock);
    expect(await findingsIn(start + readBy(4))).toEqual([]);
    const again = log('4 open("/d/cache.lock", O_RDWR) = 10', '4 close(10) = 0');
    expect((await findingsIn(start + again + readBy(4))).map(({ kind }) => kind)).toEqual(['unlocked-reader']);
    const unlocked = log(lock.replace('F_RDLCK', 'F_UNLCK'));
    expect((await findingsIn(start + unlocked + readBy(4))).map(({ kind }) => kind)).toEqual(['unlocked-reader']);
  });

  test('a refused lock is none', async () => {
    const refused = log(
      '4 open("/d/cache.lock", O_RDWR) = 9',
      '4 flock(9, LOCK_SH|LOCK_NB) = -1 EAGAIN (Resource temporarily unavailable)',
      readBy(4),
    );
    expect((await findingsIn(locked(1, 'LOCK_EX', rewrittenBy(1)) + refused)).map(({ kind }) => kind)).toEqual([
      'unlocked-reader',
    ]);
  });

  test('a directory as the lock, as proper-lockfile makes it', async () => {
    const with_ = (pid: number, lines: string) =>
      log(`${pid} mkdir("/d/cache.lock", 0777) = 0`, lines, `${pid} rmdir("/d/cache.lock") = 0`);
    expect(await findingsIn(with_(1, readBy(1)) + with_(2, rewrittenBy(2)))).toEqual([]);
    expect(await findingsIn(with_(1, readBy(1)) + with_(2, rewrittenBy(2)) + readBy(4))).toEqual([
      { kind: 'unlocked-reader', path: '/d/cache', reader: 4, writer: 2 },
    ]);
  });

  test('a thread may take the lock and another one read', async () => {
    const threads = log(
      '1 clone(child_stack=0x7f00, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 11',
      '1 open("/d/cache.lock", O_RDWR|O_CREAT, 0666) = 9',
      '1 flock(9, LOCK_SH) = 0',
      readBy(11),
    );
    expect(await findingsIn(locked(2, 'LOCK_EX', rewrittenBy(2)) + threads)).toEqual([]);
  });

  test('the shards of a cache: one sidecar for a folder of entries', async () => {
    const section = (pid: number, mode: string, work: string) =>
      log(
        `${pid} open("/c/v1/era-1/data/7f.lock", O_RDWR) = 9`,
        `${pid} flock(9, ${mode}|LOCK_NB) = 0`,
        work,
        `${pid} flock(9, LOCK_UN) = 0`,
      );
    const path = '/c/v1/era-1/data/7f/7f00';
    const read = (pid: number) =>
      log(
        `${pid} open("${path}", O_RDONLY) = 3`,
        `${pid} pread64(3, "a", 71, 0) = 71`,
        `${pid} close(3) = 0`,
      ).trimEnd();
    const write = (pid: number) =>
      log(`${pid} open("${path}", O_RDWR) = 3`, `${pid} pwrite64(3, "a", 71, 0) = 71`, `${pid} close(3) = 0`).trimEnd();
    expect(await findingsIn(section(1, 'LOCK_SH', read(1)) + section(2, 'LOCK_EX', write(2)))).toEqual([]);
    expect(await findingsIn(section(1, 'LOCK_SH', read(1)) + section(2, 'LOCK_EX', write(2)) + read(4))).toEqual([
      { kind: 'unlocked-reader', path, reader: 4, writer: 2 },
    ]);
  });
});

describe('lock-after-truncate', () => {
  const others = locked(1, 'LOCK_SH', readBy(1));

  test('the sidecar was locked after O_TRUNC had emptied the file', async () => {
    const late = log(EMPTIED, locked(2, 'LOCK_EX', WRITTEN), CLOSED);
    expect(await findingsIn(others + late)).toEqual([{ kind: 'lock-after-truncate', path: '/d/cache', culprit: 2 }]);
  });

  test('the file itself was', async () => {
    expect(await findingsIn(log(readBy(1), EMPTIED, '2 flock(5, LOCK_EX) = 0', WRITTEN, CLOSED))).toEqual([
      { kind: 'lock-after-truncate', path: '/d/cache', culprit: 2 },
    ]);
  });

  test('without a lock it is an unlocked writer, with one in time it is neither', async () => {
    expect(await findingsIn(others + log(EMPTIED, WRITTEN, CLOSED))).toEqual([
      { kind: 'unlocked-writer', path: '/d/cache', writer: 2 },
    ]);
    expect(await findingsIn(others + locked(2, 'LOCK_EX', EMPTIED, WRITTEN, CLOSED))).toEqual([]);
  });

  test('the sidecar itself may be opened with O_TRUNC', async () => {
    const lock = log(
      '2 open("/d/cache.lock", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 9',
      '2 flock(9, LOCK_EX) = 0',
      rewrittenBy(2),
    );
    expect(await findingsIn(lock + lock + others)).toEqual([]);
  });
});

describe('lock-on-unlinked-sidecar', () => {
  test('whoever waited for the lock of a file that was removed has nothing', async () => {
    const removed = log(
      '1 open("/d/cache.lock", O_RDWR|O_CREAT, 0666) = 9',
      '1 flock(9, LOCK_EX) = 0',
      '2 open("/d/cache.lock", O_RDWR|O_CREAT, 0666) = 9',
      '2 flock(9, LOCK_EX <unfinished ...>',
      rewrittenBy(1),
      '1 unlink("/d/cache.lock") = 0',
      '1 close(9) = 0',
      '2 <... flock resumed>) = 0',
      rewrittenBy(2),
      '2 close(9) = 0',
    );
    const { findings } = await diagnoseText(removed);
    expect(findings.map(gist)).toEqual([{ kind: 'lock-on-unlinked-sidecar', path: '/d/cache', writer: 2 }]);
    expect(findings[0]?.message).toContain('was removed at line 8 by process 1');
  });

  test('not where the acquirer looked and started over', async () => {
    const again = log(
      '1 open("/d/cache.lock", O_RDWR|O_CREAT, 0666) = 9',
      '1 flock(9, LOCK_EX) = 0',
      '2 open("/d/cache.lock", O_RDWR|O_CREAT, 0666) = 9',
      rewrittenBy(1),
      '1 unlink("/d/cache.lock") = 0',
      '1 close(9) = 0',
      '2 flock(9, LOCK_EX) = 0',
      '2 close(9) = 0',
    );
    expect(await findingsIn(again + locked(2, 'LOCK_EX', rewrittenBy(2)))).toEqual([]);
  });
});
