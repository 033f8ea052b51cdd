import { breakable, html, type Markup, type Part } from '../../html/markup.js';
import { count, duration } from '../../html/numbers.js';
import type { Finding, Party, Role, Step, StepKind, Victim } from '../report/index.js';

/** The roles from left to right: a process that was harmed, or could be, before the one that did it. */
const ROLES: readonly Role[] = ['victim', 'reader', 'culprit', 'writer'];

const VERBS: Readonly<Record<StepKind, string>> = {
  open: 'opens',
  look: 'asks for the length',
  map: 'maps',
  unmap: 'unmaps',
  truncate: 'makes it shorter',
  write: 'writes',
  read: 'reads',
  close: 'closes',
  lock: 'locks',
  unlock: 'unlocks',
  unlink: 'removes',
  rename: 'renames',
  signal: 'is hit by the signal',
  end: 'ends',
};

/** A column of the diagram. */
interface Actor {
  readonly role: Role;
  /** Absent where the process is not in the log. */
  readonly party: Party | undefined;
}

/** A state of an actor, or of the file, from one step to the next. */
interface Condition {
  mapped: boolean;
  locked: boolean;
  dead: boolean;
}

/**
 * The steps of a finding as a sequence diagram: a column for each process, a row for each line of the log, in its
 * order. It shows how long the victim has the file mapped, how long each lock is held, and between which steps the file
 * is shorter than it was.
 */
export function sequenceDiagram(finding: Finding): Markup {
  const actors = actorsOf(finding);
  const conditions = new Map(actors.map(({ role }) => [role, { mapped: false, locked: false, dead: false }]));
  const [first] = finding.timeline;
  const lastSignal = finding.timeline.findLastIndex(({ kind }) => kind === 'signal');
  let isCut = false;
  const rows = finding.timeline.map((step, index) => {
    const before = new Map([...conditions].map(([role, condition]) => [role, { ...condition }]));
    advance(conditions.get(step.role), step.kind);
    if (step.kind === 'truncate') isCut = true;
    const row = renderRow(step, actors, before, conditions, { isCut, sinceMs: elapsed(first, step) });
    // A write makes the file whole again. A write that the log has before the signal had not ended when the victim was
    // hit.
    if (step.kind === 'write' && index > lastSignal) isCut = false;
    return row;
  });
  return html`<div class="sequence" style="--actors:${actors.length}">
<div class="rail head-cell"></div>${actors.map(renderActor)}
${rows}</div>
${legend(finding)}`;
}

function actorsOf({ kind, timeline, ...parties }: Finding): Actor[] {
  const missing: Role | undefined =
    kind === 'sigbus-after-truncate' && parties.culprit === undefined ? 'culprit' : undefined;
  return ROLES.filter(
    (role) => parties[role] !== undefined || role === missing || timeline.some((step) => step.role === role),
  ).map((role) => ({ role, party: parties[role] }));
}

function renderActor({ role, party }: Actor): Markup {
  if (party === undefined) {
    return html`<div class="actor ${role} unknown"><b>${role}</b><span class="muted">not in the log</span></div>`;
  }
  const { pid, tid, program, lock } = party;
  const thread = tid === undefined || tid === pid ? undefined : `, thread ${tid}`;
  const held =
    lock === 'none'
      ? html`<span class="muted">held no lock</span>`
      : html`<span class="good">held the ${lock} lock</span>`;
  return html`<div class="actor ${role}"><b>${role}</b><span>pid ${pid}${thread}</span>${program && html`<code>${breakable(program)}</code>`}${held}${mappingOf(party)}</div>`;
}

function mappingOf(party: Victim): Part {
  const { mapping, address } = party;
  const mapped =
    mapping &&
    html`<span class="muted">mapped ${count(mapping.length)} bytes at <code>${mapping.address}</code></span>`;
  return [mapped, address && html`<span class="muted">hit at <code>${address}</code></span>`];
}

function renderRow(
  step: Step,
  actors: readonly Actor[],
  before: ReadonlyMap<Role, Condition>,
  after: ReadonlyMap<Role, Condition>,
  { isCut, sinceMs }: { isCut: boolean; sinceMs: number | undefined },
): Markup {
  const where = html`<span class="line">${step.log === undefined ? 'line ' : `${step.log}:`}${step.line}</span>${sinceMs === undefined ? undefined : html`<span class="time">${sinceMs === 0 ? '0' : `+${duration(sinceMs)}`}</span>`}`;
  const cells = actors.map(({ role, party }) => {
    const own = step.role === role;
    const [was, is] = [before.get(role), after.get(role)];
    if (was === undefined || is === undefined) return undefined;
    const bands = (['mapped', 'locked'] as const).map((what) => renderBand(what, was[what], is[what]));
    const line = was.dead ? 'over' : is.dead ? 'ending' : '';
    const content = own ? renderStep(step, party, where) : undefined;
    return html`<div class="lane ${role} ${line}${own ? ' own' : ''}">${bands}${content}</div>`;
  });
  return html`<div class="row${isCut ? ' cut' : ''}${step.kind === 'signal' ? ' hit' : ''}"><div class="rail">${where}</div>${cells}</div>
`;
}

/** The part of a lane with a state: it begins and ends at the steps that change the state. */
function renderBand(what: 'mapped' | 'locked', was: boolean, is: boolean): Markup | undefined {
  if (!was && !is) return undefined;
  return html`<i class="band ${what}${was ? '' : ' from'}${is ? '' : ' to'}"></i>`;
}

function renderStep({ kind, call, pid, tid }: Step, party: Party | undefined, where: Markup): Markup {
  const other = party !== undefined && party.pid !== pid ? `pid ${pid}` : undefined;
  const thread = tid === undefined || tid === pid || tid === party?.tid ? undefined : `thread ${tid}`;
  const who = [other, thread].filter((part) => part !== undefined).join(', ');
  return html`<div class="step ${kind}"><span class="where">${where}</span><b>${who && `${who} `}${VERBS[kind]}</b><code>${breakable(call)}</code></div>`;
}

function legend({ timeline }: Finding): Markup | undefined {
  const has = (...kinds: StepKind[]) => timeline.some(({ kind }) => kinds.includes(kind));
  const items = [
    has('map') ? html`<span><i class="sign mapped"></i>has it mapped</span>` : undefined,
    has('lock') ? html`<span><i class="sign locked"></i>holds the lock</span>` : undefined,
    has('truncate') ? html`<span><i class="sign cut"></i>the file is shorter than it was</span>` : undefined,
  ].filter((item) => item !== undefined);
  return items.length === 0 ? undefined : html`<p class="legend sequence-legend">${items}</p>`;
}

function advance(condition: Condition | undefined, kind: StepKind): void {
  if (condition === undefined) return;
  if (kind === 'map') condition.mapped = true;
  if (kind === 'lock') condition.locked = true;
  if (kind === 'unlock') condition.locked = false;
  if (kind === 'unmap') condition.mapped = false;
  if (kind === 'end') Object.assign(condition, { mapped: false, locked: false, dead: true });
}

/** The time since the first step, where both have a time. */
function elapsed(first: Step | undefined, { timeMs }: Step): number | undefined {
  return first?.timeMs === undefined || timeMs === undefined ? undefined : Math.max(0, timeMs - first.timeMs);
}
