import { descriptorOf, programSite, type Recorder } from '../record/index.js';
import { type After, intercept } from '../seam/index.js';
import { truncateOpen, writeOpen } from './operations.js';

type HandleOperation = (recorder: Recorder, call: string, handle: unknown) => After | undefined;

const OPERATIONS: Readonly<Record<string, HandleOperation>> = {
  read,
  readv: read,
  readFile: read,
  readableWebStream: read,
  write: writeOpen,
  writev: writeOpen,
  writeFile: writeOpen,
  appendFile: writeOpen,
  truncate: truncateOpen,
  createReadStream: asStream,
  createWriteStream: asStream,
  readLines: asStream,
};

/** Methods that return their result; the others return a promise. */
const AT_ONCE = new Set(['createReadStream', 'createWriteStream', 'readLines', 'readableWebStream']);

/** Classes whose methods are observed already: one in each thread. */
const observed = new WeakSet<object>();

/**
 * Observes the methods of a FileHandle. Node does not export the class, so it is taken from the first handle of a
 * watched file.
 */
export function followFileHandle(recorder: Recorder, handle: object): void {
  // In some versions `close` is a method of the class, in others a property of the handle.
  intercept(handle, 'close', 'promise', () => {
    const fd = descriptorOf(handle);
    if (fd !== undefined) recorder.closing(fd);
    return undefined;
  });
  const prototype: unknown = Object.getPrototypeOf(handle);
  if (typeof prototype !== 'object' || prototype === null || observed.has(prototype)) return;
  observed.add(prototype);
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const style = AT_ONCE.has(name) ? 'sync' : 'promise';
    intercept(prototype, name, style, (_args, self) => {
      const after = operation(recorder, `FileHandle.${name}`, self);
      return style === 'sync' ? undefined : after;
    });
  }
}

function read(recorder: Recorder, call: string, handle: unknown): After | undefined {
  return recorder.access(call, handle, 'read');
}

/** The reads and writes of the stream are recorded when they happen, with the line that made the stream. */
function asStream(recorder: Recorder, _call: string, handle: unknown): undefined {
  const fd = descriptorOf(handle);
  const file = fd === undefined ? undefined : recorder.openFiles.get(fd);
  if (file !== undefined) file.stream = programSite() ?? file.site;
}
