import { describe, expect, test } from 'vitest';
import { diagnoseText } from '../run/read-text.js';

/** One process maps a file, another one empties it. The lines name their processes only once there are two. */
const STORY = [
  'openat(AT_FDCWD, "/d/strace: Process 8 attached", O_RDONLY) = 3',
  'fstat(3, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0',
  'clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f00) = 2',
  'strace: Process 2 attached',
  '[pid 1] wait4(2, 0x7f10, WNOHANG, NULL) = 0',
  '[pid 1] mmap(NULL, 71, PROT_READ, MAP_SHARED, 3</d/strace: Process 8 attached>, 0) = 0x7f0000001000',
  '[pid 2] openat(AT_FDCWD, "/d/strace: Process 8 attached", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5',
  '[pid 1] getpid() = 1',
  '[pid 1] --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---',
  '[pid 1] +++ killed by SIGBUS +++',
];
const NOTICES = [
  'strace: Process 9 attached',
  'strace: Process 9 attached with 3 threads',
  'strace: Process 9 detached',
  '/opt/strace-6.1/bin/strace: Process 9 attached',
  './strace: umovestr: short read (4 < 8) @0x7ffc1a2b3c4d',
  'strace: exec: Permission denied',
  'strace: attach: ptrace(PTRACE_SEIZE, 9): Operation not permitted',
  '[ Process PID=9 runs in 32 bit mode. ]',
  'Process 9 attached (waiting for parent)\nProcess 9 resumed (parent 1 ready)',
  'strace: Process 9 attached\nstrace: Process 10 attached',
];
const CALL = /^((?:\[pid \d\] )?(?:[\d.]+ )?)(\w+)\(.* = /;

/**
 * Before and behind each word, where strace ends one piece of a call: not in quotes, nor in angle brackets, nor in what was returned. The
 * name is one piece with its parenthesis.
 */
function places(line: string): number[] {
  const [, prefix = '', name = ''] = CALL.exec(line) ?? [];
  if (name === '') return [];
  const hidden = line.replace(/"[^"]*"|<[^>]*>/g, (text) => '_'.repeat(text.length));
  const end = line.lastIndexOf(') = ');
  const first = prefix.length + name.length + 1;
  return [...hidden.matchAll(/\b/g)]
    .map(({ index }) => index)
    .filter((at) => at === prefix.length || (at >= first && at <= end));
}

const gist = (text: string) =>
  diagnoseText(text).then(({ findings, logs }) => ({
    garbage: logs.map(({ garbage }) => garbage),
    findings: findings.map(({ kind, victim, culprit }) => [kind, victim?.pid, victim?.mapping?.length, culprit?.pid]),
    calls: findings.flatMap(({ timeline }) => timeline.map(({ call }) => call)),
  }));

const stamped = (line: string, index: number) =>
  line.replace(/^(\[pid \d\] )?(?!strace)/, `$11795466519.${940_000 + index} `);

describe('a message of strace may stand anywhere in a line', () => {
  test.each([
    ['without times', (line: string) => line],
    ['with -ttt', stamped],
  ])('%s: nothing is lost, and nothing is garbage', async (_, form) => {
    const story = STORY.map(form);
    const expected = await gist(story.join('\n'));
    expect(expected.findings).toEqual([['sigbus-after-truncate', 1, 71, 2]]);
    let tried = 0;
    for (const [index, line] of story.entries()) {
      const [, prefix = '', name] = CALL.exec(line) ?? [];
      for (const at of places(line)) {
        const notice = NOTICES[(index + at) % NOTICES.length] ?? '';
        const cut = `${line.slice(0, at)}${notice}\n`;
        const rest = line.slice(at);
        const goesOn = [`${cut}${rest}`];
        // Another process comes in between. It names itself, and from then on so does the first one.
        if (at > prefix.length) {
          const others = [
            `[pid 7] getpid() = 7`,
            `[pid ${/pid (\d)/.exec(line)?.[1] ?? 1}] <... ${name} resumed>${rest}`,
          ];
          goesOn.push(`${cut} <unfinished ...>\n${others.map((other) => form(other, index)).join('\n')}`);
        }
        for (const text of goesOn) {
          tried += 1;
          const log = [...story.slice(0, index), text, ...story.slice(index + 1)].join('\n');
          expect(await gist(log), log).toMatchObject({ ...expected, garbage: [0] });
        }
      }
    }
    expect(tried).toBeGreaterThan(100);
  });

  test('in several places of one line, and the line is the one in which the call began', async () => {
    const line = STORY[6] ?? '';
    const cut = places(line).reduceRight(
      (text, at) => `${text.slice(0, at)}strace: Process 9 attached\n${text.slice(at)}`,
      line,
    );
    expect(cut.split('\n').length).toBeGreaterThan(8);
    const report = await diagnoseText([...STORY.slice(0, 6), cut, ...STORY.slice(7)].join('\n'));
    expect(report.findings).toMatchObject([{ culprit: { pid: 2, line: 7, call: line.slice('[pid 2] '.length) } }]);
  });

  test('words of the program in between are garbage, and the call is whole', async () => {
    const text = STORY.join('\n').replace('O_TRUNC, ', 'O_TRUNC, strace: Process 9 attached\nsome words\n');
    expect(await gist(text)).toMatchObject({ findings: [['sigbus-after-truncate', 1, 71, 2]], garbage: [1] });
  });

  test('where the rest is missing, the next line of a process is what it is', async () => {
    const lost = '[pid 1] openat(AT_FDCWD, strace: Process 9 attached';
    const text = [...STORY.slice(0, 6), lost, ...STORY.slice(6)].join('\n');
    expect(await gist(text)).toMatchObject({ findings: [['sigbus-after-truncate', 1, 71, 2]], garbage: [0] });
  });

  test('strace lets go in the middle of a call', async () => {
    const text = [...STORY.slice(0, 8), '[pid 2] read(0, strace: Process 2 detached', ' <detached ...>'].join('\n');
    expect(await gist(text)).toMatchObject({ garbage: [0] });
  });
});
