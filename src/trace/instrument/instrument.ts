import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { MAP_CHANNEL } from '../../os/mmap.js';
import { descriptorOf, type Recorder } from '../record/index.js';
import { intercept, replaceFunction, type Style } from '../seam/index.js';
import { close, mkdir, open } from './opens.js';
import { DESCRIPTOR_OPERATIONS, type Operation, PATH_OPERATIONS } from './operations.js';
import { followStreams } from './streams.js';

/**
 * Puts the recorder in front of node:fs and node:fs/promises, for `require` and for `import`, also of single names. Not
 * seen: calls of a function that the program took before, native code, and reads of Node itself that do not use
 * node:fs.
 */
export function instrument(recorder: Recorder): void {
  silenceCopies(recorder);
  for (const [name, operation] of Object.entries(PATH_OPERATIONS)) observeAll(recorder, name, operation);
  for (const [name, operation] of Object.entries(DESCRIPTOR_OPERATIONS)) observeAll(recorder, name, operation);
  observeAll(recorder, 'open', open, 'result');
  observeAll(recorder, 'mkdir', mkdir, 'result');
  observeAll(recorder, 'close', close);
  observe(recorder, fs, 'fs.openAsBlob', 'promise', PATH_OPERATIONS['readFile'] as Operation);
  observe(recorder, fs, 'fs.openAsBlobSync', 'sync', PATH_OPERATIONS['readFile'] as Operation);
  followStreams(fs, recorder);
  subscribe(MAP_CHANNEL, (message) => {
    const fd = descriptorOf(message);
    const file = fd === undefined ? undefined : recorder.openFiles.get(fd);
    if (file !== undefined) recorder.accessOpen('mapFile', file, 'map');
  });
  syncBuiltinESMExports();
}

/**
 * `result`: the operation needs the result of the call in every style; otherwise only of calls that go on after they
 * returned.
 */
type Wanted = 'result' | 'end';

function observeAll(recorder: Recorder, name: string, operation: Operation, wanted: Wanted = 'end'): void {
  observe(recorder, fs, `fs.${name}Sync`, 'sync', operation, wanted);
  observe(recorder, fs, `fs.${name}`, 'callback', operation, wanted);
  observe(recorder, fs.promises, `fs.promises.${name}`, 'promise', operation, wanted);
}

function observe(
  recorder: Recorder,
  owner: object,
  call: string,
  style: Style,
  operation: Operation,
  wanted: Wanted = 'end',
): void {
  intercept(owner, call.slice(call.lastIndexOf('.') + 1), style, (args) => {
    const after = operation(recorder, call, args);
    return style === 'sync' && wanted === 'end' ? undefined : after;
  });
}

/**
 * The accesses of `cp` are recorded when it is called; those of observed functions that it uses in some versions are
 * not.
 */
function silenceCopies({ ambience }: Recorder): void {
  for (const owner of [fs, fs.promises]) {
    replaceFunction(owner, 'cp', (target, self, args) => {
      const callback = args.at(-1);
      const inOurContext =
        typeof callback === 'function'
          ? [...args.slice(0, -1), AsyncLocalStorage.bind(callback as (...results: unknown[]) => unknown)]
          : args;
      return ambience.run({ silent: true }, () => Reflect.apply(target, self, inOurContext));
    });
  }
}
