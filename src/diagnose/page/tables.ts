import { breakable, html, type Markup, type Part } from '../../html/markup.js';
import { count, counted } from '../../html/numbers.js';
import type { DiagnoseReport, FileUser, LogSummary } from '../report/index.js';

/** More rows would not be read. */
const MOST_ROWS = 200;

/**
 * The readers and writers of each file, how they access it, and how often under its lock. Empty where there are none.
 */
export function usersTable(title: string, users: DiagnoseReport['readers']): Markup | undefined {
  if (users.length === 0) return undefined;
  const rest =
    users.length > MOST_ROWS
      ? html`<p class="note">${counted(users.length - MOST_ROWS, 'row')} more are not shown.</p>`
      : undefined;
  return html`<section class="card users"><h2>${title}</h2><table class="stacked">
<thead><tr><th class="text" scope="col">file</th><th class="text" scope="col">process</th><th class="text" scope="col">how</th><th scope="col">accesses</th><th scope="col">under its lock</th><th scope="col">first line</th></tr></thead>
<tbody>${users.slice(0, MOST_ROWS).map(userRow)}</tbody></table>${rest}</section>
`;
}

function userRow({ path, pid, program, manners, count: times, locked, line, log, audit }: FileUser): Markup {
  const where = log === undefined ? line : html`${log}:${line}`;
  const who =
    audit === undefined
      ? html`pid ${pid}${program && html` <code>${breakable(program)}</code>`}`
      : auditedProgram(audit);
  const lockedClass = locked === times ? 'good' : locked === 0 ? 'muted' : 'warn';
  // An audit log does not show locks.
  const lockedCell: Part = audit === undefined ? `${count(locked)} of ${count(times)}` : 'not known';
  return html`<tr><th class="text" scope="row"><code>${breakable(path)}</code></th><td class="text">${who}</td><td class="text">${[...manners, ...(audit?.flags ?? [])].join(', ')}</td><td data-label="accesses">${count(times)}</td><td data-label="under its lock" class="${audit === undefined ? lockedClass : 'muted'}">${lockedCell}</td><td data-label="first line">${where}</td></tr>
`;
}

function auditedProgram({ exe, comm, ppid, pids, proctitle, perMinute }: NonNullable<FileUser['audit']>): Markup {
  const rate =
    perMinute === null ? undefined : `, ${perMinute.toLocaleString('en-US', { maximumFractionDigits: 1 })} a minute`;
  return html`<code>${breakable(exe)}</code> (${comm}), ${counted(pids.length, 'process', 'processes')} under pid ${ppid}${rate}${proctitle && html`<br><code class="muted">${proctitle}</code>`}`;
}

/** The logs, with the number of lines that could not be understood. */
export function logsTable(logs: readonly LogSummary[]): Markup {
  const row = ({ name, format, lines, bytes, garbage }: LogSummary) =>
    html`<tr><th class="text" scope="row"><code>${breakable(name)}</code></th><td data-label="format">${format}</td><td data-label="lines">${count(lines)}</td><td data-label="bytes">${count(bytes)}</td><td data-label="not understood" class="${garbage > 0 ? 'warn' : 'muted'}">${count(garbage)}</td></tr>\n`;
  return html`<table class="stacked">
<thead><tr><th class="text" scope="col">log</th><th scope="col">format</th><th scope="col">lines</th><th scope="col">bytes</th><th scope="col">lines not understood</th></tr></thead>
<tbody>${logs.map(row)}</tbody></table>`;
}
