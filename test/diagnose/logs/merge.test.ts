import { describe, expect, test } from 'vitest';
import { diagnoseText, gist } from '../run/read-text.js';

const VICTIM = [
  'openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3',
  'fstat(3, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0',
  'mmap(NULL, 71, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000',
  '--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---',
  '+++ killed by SIGBUS +++',
];
const CULPRIT = [
  'openat(AT_FDCWD, "/d/cache", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5',
  'write(5, "abc"..., 71) = 71',
  'close(5) = 0',
  '+++ exited with 0 +++',
];
const DEATH = { kind: 'sigbus-after-truncate', path: '/d/cache', victim: 1, culprit: 2 };

/** Lines with the times at which they begin. */
const timed = (lines: readonly string[], times: readonly (number | string)[]) =>
  lines.map((line, index) => `${times[index]} ${line}\n`).join('');

const at = (seconds: number) => (1_795_468_000 + seconds).toFixed(6);

describe('several logs', () => {
  test('are put in order by their times, whatever the order of their names', async () => {
    const logs = {
      'trace.2': timed(CULPRIT, [0.3, 0.6, 0.7, 0.8].map(at)),
      'trace.1': timed(VICTIM, [0.1, 0.2, 0.4, 0.5, 0.51].map(at)),
    };
    const { findings, order } = await diagnoseText(logs);
    expect(order).toBe('exact');
    expect(findings.map(gist)).toEqual([DEATH]);
    expect(findings[0]?.timeline.map(({ log, line }) => `${log}:${line}`)).toEqual([
      'trace.1:1',
      'trace.1:2',
      'trace.2:1',
      'trace.1:3',
      'trace.1:4',
      'trace.2:2',
    ]);
  });

  test('a truncation that had been made good in time is not the cause', async () => {
    const logs = {
      'trace.1': timed(VICTIM, [0.4, 0.5, 0.6, 0.7, 0.71].map(at)),
      'trace.2': timed(CULPRIT, [0.1, 0.2, 0.3, 0.31].map(at)),
    };
    expect((await diagnoseText(logs)).findings.map(gist)).toEqual([
      { kind: 'sigbus-after-truncate', path: '/d/cache', victim: 1 },
    ]);
  });

  test('a write that may not have ended when the file was mapped has not made it good', async () => {
    // The write begins before the mapping; when it ends, only the next line of its process tells.
    const logs = {
      'trace.1': timed(VICTIM, [0.1, 0.2, 0.5, 0.6, 0.61].map(at)),
      'trace.2': timed(CULPRIT, [0.3, 0.4, 0.7, 0.8].map(at)),
    };
    expect((await diagnoseText(logs)).findings.map(gist)).toEqual([DEATH]);
  });

  test('midnight', async () => {
    const logs = {
      'trace.1': timed(VICTIM, ['23:59:59.1', '23:59:59.2', '00:00:00.1', '00:00:00.2', '00:00:00.3']),
      'trace.2': timed(CULPRIT, ['23:59:59.9', '00:00:00.4', '00:00:00.5', '00:00:00.6']),
    };
    expect((await diagnoseText(logs)).findings.map(gist)).toEqual([DEATH]);
  });

  test('without times the culprit is named, and that the order is not known', async () => {
    const plain = (lines: readonly string[]) => `${lines.join('\n')}\n`;
    for (const logs of [
      { 'trace.1': plain(VICTIM), 'trace.2': plain(CULPRIT) },
      { 'trace.1': plain(CULPRIT), 'trace.2': plain(VICTIM) },
    ]) {
      const { findings, order } = await diagnoseText(logs);
      expect(order).toBe('unknown');
      expect(findings[0]).toMatchObject({ kind: 'sigbus-after-truncate', culprit: expect.any(Object) });
    }
    const { findings } = await diagnoseText({ 'trace.1': plain(VICTIM), 'trace.2': plain(CULPRIT) });
    expect(findings[0]?.message).toContain('do not tell which came first');
  });

  test('a child is read after the call that made it, and inherits', async () => {
    const logs = {
      'trace.10': 'ftruncate(3, 0) = 0\n+++ exited with 0 +++\n',
      'trace.9':
        'openat(AT_FDCWD, "/d/cache", O_RDWR) = 3\nmmap(NULL, 71, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000\nfork() = 10\n--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---\n',
    };
    expect((await diagnoseText(logs)).findings.map(gist)).toEqual([{ ...DEATH, victim: 9, culprit: 10 }]);
  });
});
