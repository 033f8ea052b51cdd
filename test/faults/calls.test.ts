import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { errorCode } from '../../src/errors.js';
import { type FileOptions, lockFile, mapFile, readFile, removeFile, updateFile, writeFile } from '../../src/index.js';
import { flockHolders } from '../../src/os/holders.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { quickFolder } from '../helpers/folder.js';
import { isFree } from '../helpers/free.js';
import { needs } from '../helpers/needs.js';
import { FAULTS, type Fault, failAt, recordCalls } from './fault.js';

const OLD = 'old content';
const LARGE = 'x'.repeat(200 * 1024);

interface Operation {
  readonly name: string;
  run(path: string, options: FileOptions): Promise<unknown>;
  /** What the file contains afterwards, `undefined` where there is none. */
  readonly after: string | undefined;
}

const OPERATIONS: Operation[] = [
  { name: 'readFile', run: readFile, after: OLD },
  {
    name: 'writeFile of more',
    run: (path, options) => writeFile(path, 'new content, and more', options),
    after: 'new content, and more',
  },
  { name: 'writeFile of less', run: (path, options) => writeFile(path, 'less', options), after: 'less' },
  {
    name: 'writeFile of as much',
    run: (path, options) => writeFile(path, 'new content', options),
    after: 'new content',
  },
  { name: 'writeFile of much', run: (path, options) => writeFile(path, LARGE, options), after: LARGE },
  {
    name: 'writeFile with mode and flush',
    run: (path, options) => writeFile(path, 'new', { ...options, mode: 0o600, flush: true }),
    after: 'new',
  },
  { name: 'updateFile', run: (path, options) => updateFile(path, (old) => `not ${old}`, options), after: `not ${OLD}` },
  {
    name: 'updateFile that removes',
    run: (path, options) => updateFile(path, () => undefined, options),
    after: undefined,
  },
  { name: 'removeFile', run: removeFile, after: undefined },
  {
    name: 'lockFile and release',
    run: async (path, options) => (await lockFile(path, 'exclusive', options)).release(),
    after: OLD,
  },
];

if (needs('koffi')) {
  OPERATIONS.push({
    name: 'mapFile and close',
    run: async (path, options) => (await mapFile(path, options)).close(),
    after: OLD,
  });
}

const STRATEGIES = ['rename', 'flock'] as const;
const SIDECARS = ['a sidecar that stands there', 'a sidecar that is made'] as const;

describe.each(STRATEGIES)('%s, a fault at any one call:', (strategy) => {
  describe.each(SIDECARS)('with %s', (sidecar) => {
    describe.each(OPERATIONS)('$name', (operation) => {
      test.each(FAULTS)('%s leaves old or new content, and nothing else', async (fault) => {
        const parent = quickFolder();
        const calls = await recordCalls(() => operation.run(freshFile(parent, sidecar), { strategy }));
        expect(calls.length).toBeGreaterThan(2);

        const problems: string[] = [];
        for (const [index, call] of calls.entries()) {
          const path = freshFile(parent, sidecar);
          const restore = failAt(index, fault);
          const told = await codeOf(operation.run(path, { strategy }));
          restore();
          await turnOfTheLoop();
          const found = [...wrongOutcome(path, operation, told, fault), ...leftovers(path)];
          problems.push(...found.map((what) => `${call} (call ${index} of ${calls}): ${what}`));
        }
        expect(problems).toEqual([]);
      });
    });
  });
});

/** A file with the old content in a folder of its own. */
function freshFile(parent: string, sidecar: (typeof SIDECARS)[number]): string {
  const path = join(mkdtempSync(join(parent, 'f-')), 'data');
  writeFileSync(path, OLD);
  if (sidecar === 'a sidecar that stands there') writeFileSync(`${path}.lock`, '');
  return path;
}

/** `undefined` for work that succeeded. */
async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

function* wrongOutcome(path: string, operation: Operation, told: string | undefined, fault: Fault): Generator<string> {
  const content = readdirSync(dirname(path)).includes('data') ? readFileSync(path, 'utf8') : undefined;
  if (told === undefined && content !== operation.after) yield `succeeded, but the content is ${shown(content)}`;
  if (told !== undefined && told !== fault) yield `told ${told}, not ${fault}`;
  if (content !== OLD && content !== operation.after) yield `neither old nor new: ${shown(content)}`;
}

function* leftovers(path: string): Generator<string> {
  const folder = dirname(path);
  const files = readdirSync(folder).filter((name) => name !== 'data' && name !== 'data.lock');
  if (files.length > 0) yield `left files: ${files}`;
  const descriptors = openFilesIn(folder);
  if (descriptors.length > 0) yield `left descriptors: ${descriptors}`;
  if (flockHolders(`${path}.lock`).length > 0 || !isFree(path)) yield 'left a lock';
}

function shown(content: string | undefined): string {
  return content === undefined ? 'missing' : `"${content.slice(0, 30)}", ${content.length} bytes`;
}
