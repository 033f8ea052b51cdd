import type { DiagnoseReport, Finding, Role, Step, StepKind } from '../../../src/diagnose/report/report.js';

const PATH = '/var/cache/service/routes.php';

function step(role: Role, pid: number, kind: StepKind, line: number, timeMs: number, call: string): Step {
  return { role, pid, kind, line, timeMs, call };
}

/** What strace shows of the accident: the culprit empties the file between the victim's mmap and its first touch. */
const SIGBUS: Finding = {
  kind: 'sigbus-after-truncate',
  path: PATH,
  victim: {
    pid: 4711,
    program: '/usr/sbin/php-fpm8.2',
    lock: 'none',
    call: 'SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f12b48b2000}',
    line: 1_245,
    address: '0x7f12b48b2000',
    mapping: { address: '0x7f12b48b2000', length: 71, offset: 0, line: 1_238 },
    died: true,
  },
  culprit: {
    pid: 4802,
    program: '/usr/bin/node',
    lock: 'exclusive',
    call: `openat(AT_FDCWD, "${PATH}", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 21`,
    line: 1_241,
  },
  count: 12,
  evidence: [1_234, 1_236, 1_238, 1_240, 1_241, 1_245, 1_246, 1_251],
  timeline: [
    step('victim', 4711, 'open', 1_234, 0, `openat(AT_FDCWD, "${PATH}", O_RDONLY) = 5`),
    step('victim', 4711, 'look', 1_236, 0.021, 'fstat(5, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0'),
    step('victim', 4711, 'map', 1_238, 0.043, 'mmap(NULL, 71, PROT_READ, MAP_SHARED, 5, 0) = 0x7f12b48b2000'),
    step('culprit', 4802, 'lock', 1_240, 0.102, 'flock(20</var/cache/service/routes.php.lock>, LOCK_EX) = 0'),
    step(
      'culprit',
      4802,
      'truncate',
      1_241,
      0.131,
      `openat(AT_FDCWD, "${PATH}", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 21`,
    ),
    step(
      'victim',
      4711,
      'signal',
      1_245,
      0.15,
      '--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f12b48b2000} ---',
    ),
    step('culprit', 4802, 'write', 1_246, 0.171, 'write(21, "<?php return array (\\n  \'home\' =>"..., 71) = 71'),
    step('victim', 4711, 'end', 1_251, 0.32, '+++ killed by SIGBUS (core dumped) +++'),
  ],
  held: [{ pid: 4802, path: `${PATH}.lock`, mode: 'exclusive', line: 1_240 }],
  message: `Process 4711 died of SIGBUS: it had mapped 71 bytes of ${PATH}, and process 4802 emptied the file with O_TRUNC before 4711 touched them.`,
  advice:
    'Let the writer publish a new file with rename(2) instead of emptying this one, or let the reader hold the shared lock on the sidecar from before its open until its munmap.',
};

const UNLOCKED_READER: Finding = {
  kind: 'unlocked-reader',
  path: PATH,
  reader: { pid: 4711, program: '/usr/sbin/php-fpm8.2', lock: 'none', line: 980, call: `openat("${PATH}")` },
  writer: { pid: 4802, program: '/usr/bin/node', lock: 'exclusive', line: 970 },
  count: 1,
  evidence: [970, 980],
  timeline: [
    { role: 'writer', pid: 4802, kind: 'lock', line: 970, call: `flock(20<${PATH}.lock>, LOCK_EX) = 0` },
    { role: 'reader', pid: 4711, kind: 'open', line: 980, call: `openat(AT_FDCWD, "${PATH}", O_RDONLY) = 5` },
  ],
  held: [{ pid: 4802, path: `${PATH}.lock`, mode: 'exclusive', line: 970 }],
  message: `Process 4711 reads ${PATH} without a lock, though others take the one of its sidecar.`,
  advice: 'Take the shared lock on the sidecar in this reader, too.',
};

const NO_CULPRIT: Finding = {
  kind: 'sigbus-after-truncate',
  path: null,
  victim: { pid: 99, lock: 'none', line: 7, address: '0x7f0000000000', died: true },
  count: 1,
  evidence: [7],
  timeline: [{ role: 'victim', pid: 99, kind: 'signal', line: 7, call: '--- SIGBUS {si_addr=0x7f0000000000} ---' }],
  held: [],
  message: 'Process 99 died of SIGBUS at 0x7f0000000000, in a mapping that was made before the log begins.',
  advice: 'Trace from the start of the process, with -f and with all processes that write the file.',
};

/** A report with an accident whose culprit is known, one whose culprit is not in the log, and a reader that forgot the lock. */
export const SAMPLE: DiagnoseReport = {
  schema: 1,
  logs: [{ name: 'strace.log', format: 'strace', lines: 81_234, bytes: 9_812_345, garbage: 3 }],
  order: 'exact',
  findings: [SIGBUS, NO_CULPRIT, UNLOCKED_READER],
  omitted: 0,
  writers: [
    { pid: 4802, program: '/usr/bin/node', path: PATH, manners: ['truncate'], count: 310, locked: 310, line: 12 },
    {
      pid: 600,
      path: PATH,
      manners: ['open'],
      count: 42,
      locked: 0,
      line: 3,
      log: 'audit.log',
      audit: {
        ppid: 1,
        comm: 'php-fpm8.2',
        exe: '/usr/sbin/php-fpm8.2',
        proctitle: 'php-fpm: pool www',
        pids: [600, 601],
        syscalls: ['openat'],
        flags: ['O_WRONLY', 'O_CREAT', 'O_TRUNC'],
        firstMs: 0,
        lastMs: 60_000,
        perMinute: 41,
      },
    },
  ],
  readers: [
    { pid: 4711, program: '/usr/sbin/php-fpm8.2', path: PATH, manners: ['map'], count: 51_200, locked: 0, line: 8 },
    { pid: 4712, program: '/usr/sbin/php-fpm8.2', path: PATH, manners: ['read', 'map'], count: 9, locked: 4, line: 9 },
  ],
  interrupted: false,
};

/** Nothing to be found in what was read. */
export const EMPTY: DiagnoseReport = { ...SAMPLE, findings: [], writers: [], readers: [] };
