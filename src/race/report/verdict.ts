import type { RaceReport, RaceResult } from './report.js';

/**
 * The verdict on a strategy. `broken`: it showed what must not happen. `clean`: it did not. `inconclusive`: there were
 * no reads, or no writes.
 */
export type Verdict = 'broken' | 'clean' | 'inconclusive';

/** Judges one strategy by its counts. */
export function verdictOf(result: RaceResult): Verdict {
  if (harmDone(result).length > 0 || result.errors > 0) return 'broken';
  return result.reads > 0 && result.writes > 0 ? 'clean' : 'inconclusive';
}

/**
 * The exit status: 130 where the race was interrupted; 1 where a safe strategy was broken; 3 where naive was raced and
 * showed nothing, or a strategy is inconclusive; 0 otherwise: naive did harm, and the safe strategies did none.
 */
export function raceExitStatus(report: RaceReport): 0 | 1 | 3 | 130 {
  if (report.interrupted) return 130;
  const safe = report.strategies.filter(({ strategy }) => strategy !== 'naive');
  if (safe.some((result) => verdictOf(result) === 'broken')) return 1;
  const naive = report.strategies.find(({ strategy }) => strategy === 'naive');
  if (naive !== undefined && harmDone(naive).length === 0) return 3;
  return safe.some((result) => verdictOf(result) === 'inconclusive') ? 3 : 0;
}

/** The results of a strategy as one sentence. */
export function verdictSentence(result: RaceResult): string {
  const { strategy, reads, elapsedMs } = result;
  const harm = [...harmDone(result), ...refusals(result)];
  const inTime = `in ${(elapsedMs / 1_000).toFixed(1)} s`;
  if (strategy === 'naive') {
    return harm.length > 0 ? `naive ${listed(harm)}.` : `naive showed nothing ${inTime}: give it more time.`;
  }
  switch (verdictOf(result)) {
    case 'broken':
      return `${strategy} FAILED: it ${listed(harm)}.`;
    case 'clean':
      return `${strategy}: no reader died, nothing empty, nothing torn, nothing lost.`;
    case 'inconclusive':
      return `${strategy} showed nothing: ${reads === 0 ? 'nobody read' : 'nobody wrote'} ${inTime}.`;
  }
}

/** What must not happen, each as the rest of a sentence. */
function harmDone({ sigbus, firstDeathMs, empty, torn, lost, updates }: RaceResult): string[] {
  const harm: string[] = [];
  if (sigbus > 0) harm.push(`killed ${counted(sigbus, 'reader')} with SIGBUS, the first after ${firstDeathMs} ms`);
  if (empty > 0 && torn > 0) harm.push(`gave ${formatted(empty)} empty and ${counted(torn, 'torn read')}`);
  else if (empty > 0) harm.push(`gave ${counted(empty, 'empty read')}`);
  else if (torn > 0) harm.push(`gave ${counted(torn, 'torn read')}`);
  if (lost > 0) harm.push(`lost ${formatted(lost)} of ${counted(updates, 'update')}`);
  return harm;
}

function refusals({ errors, errorMessages }: RaceResult): string[] {
  if (errors === 0) return [];
  const [message] = errorMessages;
  return [`met ${counted(errors, 'error')}${message === undefined ? '' : ` ("${message}")`}`];
}

function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join();
  return `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`;
}

function counted(count: number, noun: string): string {
  return `${formatted(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function formatted(count: number): string {
  return count.toLocaleString('en-US');
}
