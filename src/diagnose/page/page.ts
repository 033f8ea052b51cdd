import { breakable, html, type Markup, type Part } from '../../html/markup.js';
import { count, counted } from '../../html/numbers.js';
import { renderPage } from '../../html/page.js';
import type { DiagnoseReport, Finding, FindingKind } from '../report/index.js';
import { sequenceDiagram } from './sequence.js';
import { STYLE } from './style.js';
import { logsTable, usersTable } from './tables.js';

/** Findings of accidents that have happened; the others are risks. */
const ACCIDENTS: readonly FindingKind[] = ['sigbus-after-truncate', 'empty-read'];

/**
 * A diagnosis as one HTML page that needs neither network nor script: for each finding a sequence diagram of what each
 * process did to the file, with evidence and advice beside it; then the readers and writers of files. All text of the
 * report is escaped.
 */
export function renderDiagnosePage(report: DiagnoseReport): string {
  const title = headline(report);
  const { findings, writers, readers } = report;
  const body = [
    heading(report, title),
    findings.length === 0 ? nothingFound(report) : overview(report),
    findings.map(findingSection),
    usersTable('Who writes', writers),
    usersTable('Who reads', readers),
    html`<section class="card"><h2>What was read</h2>${logsTable(report.logs)}</section>`,
    html`<footer>Line numbers are those of the logs, from 1. What a log does not show, the diagnosis does not know.</footer>`,
  ];
  return renderPage({ title: `${title} · holdfast diagnose`, style: STYLE, body });
}

function headline({ findings, omitted }: DiagnoseReport): string {
  if (findings.length === 0) return 'Nothing was found';
  const files = new Set(findings.map(({ path }) => path)).size;
  const hits = findings.reduce(
    (sum, { kind, count: times }) => sum + (kind === 'sigbus-after-truncate' ? times : 0),
    0,
  );
  const found = `${counted(findings.length + omitted, 'finding')} in ${counted(files, 'file')}`;
  return hits === 0 ? found : `${found}; SIGBUS ${hits === 1 ? 'once' : counted(hits, 'time')}`;
}

function heading({ command, logs, order, interrupted }: DiagnoseReport, title: string): Markup {
  const lines = logs.reduce((sum, log) => sum + log.lines, 0);
  const read = `${counted(lines, 'line')} of ${counted(logs.length, 'log')}`;
  return html`<header><p class="kicker">holdfast diagnose</p><h1>${title}</h1>
<p class="muted" style="margin-top:8px">${read}. ${orderSentence(order, logs.length)}</p>
${command && html`<p class="note">Traced: <code>${command.argv.join(' ')}</code>; ${ending(command)}.</p>`}
${interrupted ? html`<p class="note warn">Interrupted: this is about what was read until then.</p>` : undefined}</header>`;
}

function orderSentence(order: DiagnoseReport['order'], logs: number): string {
  if (order === 'exact') return '';
  if (order === 'seconds')
    return 'The logs have times in whole seconds: within a second the order between them is not known.';
  return logs > 1
    ? 'The logs have no times: the order between them is not known.'
    : 'The order between processes is not known.';
}

function ending({ exitCode, signal }: NonNullable<DiagnoseReport['command']>): string {
  return signal === null ? `it ended with exit status ${exitCode ?? 'unknown'}` : `${signal} ended it`;
}

function nothingFound({ logs }: DiagnoseReport): Markup {
  const has = (format: DiagnoseReport['logs'][number]['format']) => logs.some((log) => log.format === format);
  if (has('strace')) {
    return html`<section class="card"><h2>No finding</h2><p>No process was hit by SIGBUS in a file that had been cut, no file was read while it was being rewritten, and nobody left out a lock that others take.</p></section>`;
  }
  if (has('audit')) {
    return html`<section class="card"><h2>No finding</h2><p>An audit log shows who opens files for writing. It shows neither mappings nor locks, so there is nothing to judge: below is who writes what.</p></section>`;
  }
  return html`<section class="card"><h2>Nothing to go by</h2><p>None of the logs could be understood: expected the output of strace, or of the audit system.</p></section>`;
}

function overview({ findings, omitted }: DiagnoseReport): Markup {
  const item = (finding: Finding, index: number) =>
    html`<li>${badge(finding.kind)}<span><a href="#finding-${index + 1}">${shownPath(finding.path)}</a><span class="parties">${parties(finding)}</span></span></li>\n`;
  const rest =
    omitted === 0 ? undefined : html`<p class="note">${counted(omitted, 'finding')} more are not listed.</p>`;
  return html`<section class="card"><h2>Findings</h2><ol class="found">${findings.map(item)}</ol>${rest}</section>`;
}

/** `victim 4711, culprit 4802, line 1,245`. */
function parties({ victim, reader, culprit, writer, evidence: lines, count: times }: Finding): string {
  const roles = { victim, reader, culprit, writer };
  const pids = Object.entries(roles).flatMap(([role, party]) => (party === undefined ? [] : `${role} ${party.pid}`));
  const line = victim?.line ?? reader?.line ?? writer?.line ?? lines[0];
  const often = times === 1 ? [] : [counted(times, 'time')];
  return [...pids, ...(line === undefined ? [] : [`line ${line}`]), ...often].join(', ');
}

function shownPath(path: string | null): Part {
  return path === null ? 'a file that the log does not show' : html`<code>${breakable(path)}</code>`;
}

function findingSection(finding: Finding, index: number): Markup {
  const { kind, path, message, advice, count: times, held } = finding;
  const often = times === 1 ? undefined : html`<span class="muted">${count(times)} times; this is the first</span>`;
  return html`<section class="card finding" id="finding-${index + 1}" data-kind="${kind}">
<div class="head">${badge(kind)}${often}</div>
<h2>${shownPath(path)}</h2>
<p style="margin-top:8px">${message}</p>
<div class="beside"><div>${sequenceDiagram(finding)}</div>
<aside><div class="advice"><h3>What to do</h3><p>${advice}</p></div>
<div><h3>Locks on the sidecar at that moment</h3><p>${heldLocks(held)}</p></div>
<div><h3>Evidence</h3><p class="lines">${evidence(finding)}</p></div></aside></div></section>
`;
}

function badge(kind: FindingKind): Markup {
  return html`<span class="badge ${ACCIDENTS.includes(kind) ? 'bad' : 'warn'}">${kind}</span>`;
}

function heldLocks(held: Finding['held']): Part {
  if (held.length === 0) return 'Nobody held one.';
  return held.map(
    ({ pid, mode, path, line, log }) =>
      html`<span style="display:block">pid ${pid}: ${mode}, since ${place(log, line)}<br><code class="muted">${breakable(path)}</code></span>`,
  );
}

/** The numbers of lines by log: `strace.1: 12, 15`. */
function evidence({ timeline, evidence: lines }: Finding): Part {
  const named = new Map<string, number[]>();
  for (const { log = '', line } of timeline) named.set(log, [...(named.get(log) ?? []), line]);
  const word = (own: readonly number[]) => (own.length === 1 ? 'line' : 'lines');
  if (named.size === 0) return `${word(lines)} ${lines.join(', ')}`;
  return [...named].map(
    ([log, own]) => html`<span style="display:block">${log === '' ? word(own) : `${log}:`} ${own.join(', ')}</span>`,
  );
}

function place(log: string | undefined, line: number): string {
  return log === undefined ? `line ${line}` : `${log}:${line}`;
}
