import type { DiagnoseReport, FileUser, Finding, Step } from '../../diagnose/index.js';
import { counted, formatBytes, formatCount, type Paint, printable } from '../text/index.js';

const LONGEST_CALL = 110;

/** A report for people: each finding as a sentence, with the lines that show it, and what to change. */
export function describeReport(report: DiagnoseReport, paint: Paint): string {
  const parts = report.findings.map((finding, index) => describeFinding(finding, index + 1, paint));
  const users = describeUsers(report, paint);
  if (users !== '') parts.push(users);
  parts.push(summary(report, paint));
  return parts.join('\n\n');
}

function describeFinding(
  { kind, path, count, message, timeline, held, advice }: Finding,
  number: number,
  paint: Paint,
): string {
  const times = count > 1 ? `, ${formatCount(count)} times` : '';
  const heading = `${number}. ${paint('bold', kind)}  ${path === null ? '(unknown file)' : printable(path)}${times}`;
  const locks = held.map(
    ({ pid, path: sidecar, mode, line }) =>
      `${printable(sidecar)} was held then by ${pid}, ${mode}, since line ${line}`,
  );
  return [
    paint(kind === 'sigbus-after-truncate' ? 'red' : 'yellow', heading),
    indent(message),
    ...steps(timeline).map((line) => indent(paint('dim', line))),
    ...locks.map(indent),
    indent(`${paint('bold', 'What to do:')} ${advice}`),
  ].join('\n');
}

/** `  line   process  what it is to the finding  call`, in columns. */
function steps(timeline: readonly Step[]): string[] {
  const rows = timeline.map(({ log, line, pid, tid, role, call }) => [
    log === undefined ? `line ${line}` : `${printable(log)}:${line}`,
    tid === undefined ? String(pid) : `${pid}/${tid}`,
    role,
    call.length > LONGEST_CALL ? `${call.slice(0, LONGEST_CALL)}...` : call,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell)).join('  '),
  );
}

/** Which program opens which file, from audit logs; for traces the findings tell that. */
function describeUsers({ writers, readers }: DiagnoseReport, paint: Paint): string {
  const audited = [...writers, ...readers].filter(({ audit }) => audit !== undefined);
  const paths = [...new Set(audited.map(({ path }) => path))];
  return paths
    .map((path) => {
      const users = audited.filter((user) => user.path === path).sort((one, other) => other.count - one.count);
      return [paint('bold', printable(path)), ...users.map((user) => indent(describeUser(user)))].join('\n');
    })
    .join('\n');
}

function describeUser({ manners, count, audit }: FileUser): string {
  if (audit === undefined) return '';
  const { exe, comm, ppid, pids, flags, syscalls, perMinute, proctitle } = audit;
  const rate = perMinute === null ? '' : `, ${formatCount(perMinute)} a minute`;
  const how = flags.length > 0 ? flags.join('|') : syscalls.join(', ');
  const line = proctitle === undefined ? '' : `: ${printable(proctitle)}`;
  return `${manners.join(', ')}: ${printable(exe)} (${printable(comm)}, parent ${ppid}, ${counted(pids.length, 'process', 'processes')}) ${counted(count, 'time')}${rate}, ${how}${line}`;
}

function summary({ findings, omitted, logs, order, command, interrupted }: DiagnoseReport, paint: Paint): string {
  const lines = logs.reduce((sum, log) => sum + log.lines, 0);
  const bytes = logs.reduce((sum, log) => sum + log.bytes, 0);
  const garbage = logs.reduce((sum, log) => sum + log.garbage, 0);
  const what = findings.length === 0 ? paint('green', 'Nothing found') : counted(findings.length + omitted, 'finding');
  const parts = [`${what} in ${counted(lines, 'line')}, ${formatBytes(bytes)}`];
  if (omitted > 0) parts.push(`${counted(omitted, 'further finding')} not listed`);
  if (garbage > 0) parts.push(`${counted(garbage, 'line')} not understood`);
  const sentences = [`${parts.join('; ')}.`];
  if (order === 'unknown') {
    sentences.push('The logs have no times: what happened first in different processes is not known (strace -ttt).');
  } else if (order === 'seconds') {
    sentences.push('The logs have times in seconds: what happened first within one is not known (strace -ttt).');
  }
  if (command !== undefined) {
    const end = command.signal === null ? `ended with status ${command.exitCode}` : `was ended by ${command.signal}`;
    sentences.push(`${printable(command.argv.join(' '))} ${end}.`);
  }
  if (interrupted) sentences.push('Interrupted: this is about what was read until then.');
  return sentences.join('\n');
}

function indent(text: string): string {
  return `   ${text}`;
}
