import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../src/cache/file-cache.js';
import { SHARDS } from '../../src/cache/format/key.js';
import { SharedWords } from '../../src/cache/shared/words.js';
import type { ProblemKind } from '../../src/cache/upkeep/verify-report.js';
import { quickFolder } from '../helpers/folder.js';
import { run } from '../helpers/run.js';
import { scaled } from '../helpers/scale.js';
import { skipWithoutKoffi } from '../helpers/with-koffi.js';
import { telling } from './fault.js';

skipWithoutKoffi();

/** How many processes are parked at the same time. */
const AT_ONCE = 4;
/** What a kill leaves changes with these calls only: locks and descriptors go with the process, and to look leaves nothing. */
const CHANGES = /^(open|write|ftruncate|rename|exchange|unlink|mkdir|rmdir)/;
const NEW = ['new', 'new '.repeat(2_000)];

interface Case {
  readonly strategy: 'rename' | 'flock';
  readonly operation: string;
}

const CASES: Case[] = [
  ...['set', 'set of a large value', 'delete', 'getOrSet', 'update', 'writeStream', 'clear', 'prune', 'open'].map(
    (operation) => ({ strategy: 'rename', operation }) as const,
  ),
  ...['set', 'delete', 'getOrSet', 'update'].map((operation) => ({ strategy: 'flock', operation }) as const),
];

describe('a process killed with SIGKILL right before any one call', () => {
  test.each(CASES)(
    'of $operation, $strategy: verify names and repairs all that is left, and others go on',
    async (given) => {
      const calls = await callsOf(given);
      const all = telling(calls, calls.length > 100 ? 1 : 2);
      const places = scaled(
        all.filter((place) => CHANGES.test(calls[place] ?? '') || place === calls.length - 1),
        all,
      );
      const problems: string[] = [];
      for (let from = 0; from < places.length; from += AT_ONCE) {
        const outcomes = places.slice(from, from + AT_ONCE).map(async (place) => {
          const wrong = await killedAt(place, given);
          problems.push(...wrong.map((what) => `${calls[place]} (call ${place} of ${calls}): ${what}`));
        });
        await Promise.all(outcomes);
      }
      expect(places.length).toBeGreaterThan(1);
      expect(problems).toEqual([]);
    },
  );
});

async function callsOf({ strategy, operation }: Case): Promise<string[]> {
  const child = run('parked.mjs', [directoryFor({ strategy, operation }), strategy, operation, 'count']);
  return JSON.parse((await child.ended).stdout);
}

/** A cache with one entry; none where it is opening that is broken off. */
function directoryFor({ strategy, operation }: Case): string {
  const directory = `${quickFolder()}/cache`;
  if (operation === 'open') return directory;
  const cache = open(directory, strategy);
  cache.setSync('key', 'old');
  cache.setSync('expired', 'old', { ttl: 0 });
  void cache.close();
  return directory;
}

async function killedAt(place: number, given: Case): Promise<string[]> {
  const directory = directoryFor(given);
  const child = run('parked.mjs', [directory, given.strategy, given.operation, String(place)]);
  await child.said('parked');
  child.kill();
  await child.ended;
  // Half of them are worked with at once, half of them are verified first.
  if (place % 2 === 1) return [...(await wrongWork(directory, given)), ...(await wrongVerify(directory, given))];
  return [...(await wrongVerify(directory, given)), ...(await wrongWork(directory, given))];
}

async function wrongVerify(directory: string, { strategy }: Case): Promise<string[]> {
  // Where it finds no era the first to open makes one, and deletes the former ones.
  await open(directory, strategy).close();
  const cache = open(directory, strategy);
  const left = remains(directory);
  const { counts, found, repaired } = await cache.verify({ repair: true });
  const again = await cache.verify();
  await cache.close();
  const problems = [];
  if (JSON.stringify(sorted(counts)) !== JSON.stringify(left))
    problems.push(`verify names ${JSON.stringify(counts)}; left is ${JSON.stringify(left)}`);
  if (repaired !== found) problems.push(`verify repairs ${repaired} of ${found}`);
  if (again.found > 0) problems.push(`verify then finds ${JSON.stringify(again.counts)}`);
  return problems;
}

/** Nobody waits for the dead: whatever is to be done is done within a tenth of a second. */
async function wrongWork(directory: string, { strategy, operation }: Case): Promise<string[]> {
  const cache = open(directory, strategy);
  const problems = [];
  const value = await cache.get('key');
  const may = { old: true, new: true, none: /delete|clear|open|writeStream/.test(operation) };
  if (value === undefined ? !may.none : value !== 'old' && !NEW.includes(value)) problems.push(`reads ${value}`);
  const loaded = await cache.getOrSet('absent', () => 'loaded');
  if (loaded !== 'loaded' && loaded !== 'new') problems.push(`loads ${loaded}`);
  if ((await cache.update('key', (old) => `${old}, updated`)) !== `${value}, updated`) problems.push('updates wrongly');
  await cache.set('key', 'old');
  await cache.close();
  return problems;
}

/** What is left, looked for by hand: in the folders, and in the bytes of `shared`. */
function remains(directory: string): Partial<Record<ProblemKind, number>> {
  const version = `${directory}/v1`;
  const { era } = JSON.parse(readFileSync(`${version}/format`, 'utf8')) as { era: string };
  const shards = readdirSync(`${version}/${era}/data`).filter((name) => !name.endsWith('.lock'));
  const words = new SharedWords(readFileSync(`${version}/${era}/shared`));
  const names = readdirSync(version);
  const counts: Partial<Record<ProblemKind, number>> = {
    'dead writer': Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) => words.busy(shard) !== 0)
      .length,
    'former era': names.filter((name) => name.startsWith('ended-')).length,
    'idle lock': readdirSync(`${version}/${era}/flights`).length,
    'orphaned temporary': shards.reduce(
      (sum, shard) => sum + orphansIn(`${version}/${era}/data/${shard}`, words.spare(Number.parseInt(shard, 16))),
      0,
    ),
    'unpublished era': names.filter((name) => /^(era|new)-/.test(name) && name !== era).length,
    'unpublished format': names.filter((name) => name.startsWith('.format-')).length,
  };
  return sorted(counts);
}

/** Temporaries, and a spare file that its word does not vouch for. */
function orphansIn(folder: string, spareWord: number): number {
  return readdirSync(folder).filter((name) => name.startsWith('.') || (name === 'spare' && spareWord === 0)).length;
}

function sorted(counts: Partial<Record<ProblemKind, number>>): Partial<Record<ProblemKind, number>> {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function open(directory: string, strategy: Case['strategy']): FileCache<string> {
  return new FileCache<string>({ directory, strategy, codec: 'text', lockTimeout: 100 });
}
