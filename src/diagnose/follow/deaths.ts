import {
  ADVICE,
  bytes,
  capital,
  type Draft,
  hexadecimal,
  type Inquiry,
  printablePath,
  processName,
  shortened,
} from '../evidence/index.js';
import { hexValue } from '../lines/index.js';
import { numberAt, type StraceLine } from '../strace/index.js';
import type { Death, Inode, Lock, Mapping, Mark, Process, Task, Truncation, VictimDraft } from '../world/index.js';
import { heldNow, ownLock } from './locking.js';
import { pagesEnd } from './mapping.js';

/** `--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f358ab2e000} ---`. */
export function hitBySigbus(inquiry: Inquiry, task: Task, line: StraceLine): void {
  const text = line.text(300);
  const code = /si_code=([^,}\s]+)/.exec(text)?.[1];
  // Sent by kill(2), an unaligned access, or broken memory: none has to do with the length of a file.
  if (code !== undefined && code !== 'BUS_ADRERR' && code !== '0x2' && code !== '2') return;
  const address = addressIn(text);
  const mapping = address === undefined ? undefined : mappingAt(task, address);
  const previous = inquiry.deaths.get(task.process);
  // When a handler returns, the same instruction causes the next SIGBUS, without end.
  if (previous !== undefined && previous.mapping?.call === mapping?.call) return;
  const mark = inquiry.mark(task, 'signal', line);
  const inode = mapping?.inode;
  const victim: VictimDraft = {
    process: task.process,
    mark,
    own: inode === undefined ? 'none' : ownLock(task, inode).mode,
    ...(address !== undefined && { address }),
    ...(mapping !== undefined && { mapped: mapping.call }),
    died: false,
  };
  const held = inode === undefined ? [] : heldNow(inode);
  const death: Death = { victim, mark, address: address ?? 0, mapping, held };
  inquiry.deaths.set(task.process, death);
  if (mapping === undefined) add(inquiry, death, unknownMapping(death));
  else explain(inquiry, death, mapping);
}

/** `+++ killed by SIGBUS (core dumped) +++`. */
export function killed(inquiry: Inquiry, task: Task, line: StraceLine): void {
  const death = inquiry.deaths.get(task.process);
  if (death !== undefined && line.text(40).includes('killed by SIGBUS')) death.victim.died = true;
  inquiry.deaths.delete(task.process);
}

/** At the end of logs whose order is not known: each truncation of the file, at any time, may be the cause. */
export function explainLate(inquiry: Inquiry): void {
  for (const death of inquiry.openDeaths.splice(0)) {
    const { mapping } = death;
    if (mapping === undefined) continue;
    const { truncation } = mapping.inode;
    const fits = truncation !== undefined && pagesEnd(truncation.newSize) <= faultOffset(mapping, death.address);
    if (fits) add(inquiry, death, caused(death, mapping, truncation, [], 'unordered'));
    else add(inquiry, death, unexplained(death, mapping));
  }
}

function addressIn(text: string): number | undefined {
  const found = /si_addr=(0x[0-9a-f]+|NULL)/.exec(text)?.[1] ?? /@ [0-9a-fx]+ \(([0-9a-fx]+)\)/.exec(text)?.[1];
  if (found === undefined) return undefined;
  if (found === 'NULL') return 0;
  const digits = found.startsWith('0x') ? found : `0x${found}`;
  return hexValue(digits.charCodeAt(2)) < 0 ? undefined : numberAt(Buffer.from(digits, 'latin1'), 0, digits.length);
}

function mappingAt(task: Task, address: number): Mapping | undefined {
  for (const mapping of task.memory.mappings) if (mapping.start <= address && address < mapping.end) return mapping;
  return undefined;
}

function faultOffset(mapping: Mapping, address: number): number {
  return mapping.offset + address - mapping.start;
}

function explain(inquiry: Inquiry, death: Death, mapping: Mapping): void {
  const { inode } = mapping;
  const at = faultOffset(mapping, death.address);
  const takes = (truncation: Truncation) => pagesEnd(truncation.newSize) <= at;
  const since = inode.cuts.filter((cut) => cut !== mapping.call.hole && cut.mark.ended > mapping.call.mark.order);
  const candidates = [mapping.call.hole, ...since].filter((one) => one !== undefined).filter(takes);
  const open = candidates.filter((one) => one === inode.truncation && !(pagesEnd(inode.size) > at)).at(-1);
  const cause = open ?? candidates.at(-1);
  if (cause !== undefined) add(inquiry, death, caused(death, mapping, cause, candidates, 'ordered'));
  else {
    const underWay = inquiry.truncationUnderWay(inode);
    if (underWay !== undefined) add(inquiry, death, causedByCallUnderWay(death, mapping, underWay));
    else if (inquiry.order === 'exact') add(inquiry, death, unexplained(death, mapping));
    else inquiry.openDeaths.push(death);
  }
}

function caused(
  { victim, mark, held }: Death,
  mapping: Mapping,
  truncation: Truncation,
  candidates: readonly Truncation[],
  order: 'ordered' | 'unordered',
): Draft {
  const { inode } = mapping;
  const path = printablePath(inode.path);
  const culprit = truncation.process;
  const self = culprit === victim.process ? 'it had itself' : `${processName(culprit)} had`;
  const { healed } = truncation;
  const again =
    healed === undefined || healed.ended > mark.ended
      ? ' and had not written it again yet'
      : `; it was written again at line ${healed.line}, too late for this access`;
  const others = [...new Set(candidates.filter((one) => one.process !== culprit).map((one) => one.process.pid))];
  const also = others.length > 0 ? ` Process ${others.join(', ')} made it shorter in the same time too.` : '';
  const unsure =
    order === 'unordered'
      ? ` The logs do not tell which came first; in them ${capital(processName(culprit))} is the last to make this file shorter.`
      : '';
  return {
    ...sigbus(victim, inode, held, truncation.held),
    culprit: { process: culprit, mark: truncation.mark, own: truncation.own },
    steps: [
      ...victimSteps(mapping, mark),
      ...candidates.slice(-3).map((one) => ({ mark: one.mark, role: 'culprit' as const })),
      { mark: truncation.mark, role: 'culprit' },
    ],
    later: { marks: truncation.after, role: 'culprit' },
    message: `${described(victim, mapping)}: ${self} ${shortened(truncation)}${order === 'unordered' ? '' : again}.${also}${unsure}`,
    advice: ADVICE.writer(`${path}.lock`),
  };
}

function causedByCallUnderWay(
  { victim, mark, held }: Death,
  mapping: Mapping,
  { process, mark: begun }: { process: Process; mark: Mark },
): Draft {
  const path = printablePath(mapping.inode.path);
  return {
    ...sigbus(victim, mapping.inode, held, []),
    culprit: { process, mark: begun, own: 'none' },
    steps: [...victimSteps(mapping, mark), { mark: begun, role: 'culprit' }],
    message: `${described(victim, mapping)}: ${processName(process)} was just making it shorter, in a call that began at line ${begun.line}.`,
    advice: ADVICE.writer(`${path}.lock`),
  };
}

/** No process in the log can be the culprit. Reports what is known all the same. */
function unexplained({ victim, mark, held, address }: Death, mapping: Mapping): Draft {
  const { inode, call } = mapping;
  const path = printablePath(inode.path);
  const { truncation } = inode;
  let known = 'Nobody in this log made the file shorter';
  if (call.sizeSeen <= Math.floor(faultOffset(mapping, address) / 4096) * 4096) {
    known = `The mapping reached beyond the end of the file from the start: the process itself had seen a length of ${bytes(call.sizeSeen)} (line ${call.looked?.line})`;
  } else if (truncation !== undefined) {
    const healed = truncation.healed ? `, but it had been written again by line ${truncation.healed.line}` : '';
    const looked = call.looked
      ? `looked at its length (line ${call.looked.line})`
      : `mapped it (line ${call.mark.line})`;
    known = `${capital(processName(truncation.process))} had ${shortened(truncation)}${healed}, before the process ${looked}; so this was not the cause, and whoever was is not in this log`;
  } else if (call.sizeSeen > 0) {
    known = `The process had seen ${bytes(call.sizeSeen)} (line ${call.looked?.line}), and nobody in this log made the file shorter since; whoever did is not in it`;
  }
  return {
    ...sigbus(victim, inode, held, []),
    steps: [
      ...victimSteps(mapping, mark),
      ...(truncation ? [truncation.mark, ...truncation.after.slice(0, 2)] : []).map((step) => ({
        mark: step,
        role: 'writer' as const,
      })),
    ],
    message: `${described(victim, mapping)}. ${known}.`,
    advice: ADVICE.searchCulprit(path),
  };
}

function unknownMapping({ victim, mark, held }: Death): Draft {
  return {
    kind: 'sigbus-after-truncate',
    path: null,
    victim,
    steps: [{ mark, role: 'victim' }],
    held,
    message: `${capital(processName(victim.process))} was hit by SIGBUS at ${hexadecimal(victim.address ?? 0)} (line ${mark.line}). The log does not show what is mapped there: it begins too late, or leaves mmap out.`,
    advice: ADVICE.searchMapping,
  };
}

function sigbus(victim: VictimDraft, inode: Inode, held: readonly Lock[], heldThen: readonly Lock[]) {
  return {
    kind: 'sigbus-after-truncate',
    path: inode.path,
    victim,
    held: [...new Set([...heldThen, ...held])],
  } as const;
}

function described(victim: VictimDraft, { inode, call }: Mapping): string {
  return `${capital(processName(victim.process))} was hit by SIGBUS at ${hexadecimal(victim.address ?? 0)} (line ${victim.mark?.line}), in its mapping of ${printablePath(inode.path)} (${bytes(call.length)}, line ${call.mark.line})`;
}

function victimSteps({ call }: Mapping, mark: Mark) {
  return [call.opened, call.looked, call.mark, mark]
    .filter((step) => step !== undefined)
    .map((step) => ({ mark: step, role: 'victim' as const }));
}

function add(inquiry: Inquiry, death: Death, draft: Draft): void {
  const { process, mark } = death.victim;
  inquiry.findings.add(`sigbus ${process.pid} ${mark?.log} ${mark?.line}`, draft);
}
