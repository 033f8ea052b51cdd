// Prints what a program can see of node:fs, in the folder that it is given: shapes of functions, results, errors, order of callbacks.
// A trace must not change a character of it.
import { once } from 'node:events';
import fs, * as named from 'node:fs';
import promises from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const folder = process.argv[2] ?? '';
const path = join(folder, 'data.json');
/** @type {string[]} */
const seen = [];
/** @param {string} what @param {unknown} value */
const tell = (what, value) => seen.push(`${what}: ${JSON.stringify(value)}`.replaceAll(folder, 'FOLDER'));

/** @param {unknown} error */
function errorOf(error) {
  if (!(error instanceof Error)) return String(error);
  const { name, message } = error;
  return { ...error, name, message, class: error.constructor.name };
}
/** @param {string} what @param {() => unknown} work */
async function attempt(what, work) {
  try {
    const value = await work();
    tell(what, value === undefined ? 'undefined' : String(value));
  } catch (error) {
    tell(what, errorOf(error));
  }
}
/** @param {(callback: (...results: unknown[]) => void) => void} work */
function called(work) {
  return new Promise((resolve) => {
    work(function (...results) {
      const shown = results.map((result) => (result instanceof Error ? errorOf(result) : String(result)));
      // @ts-expect-error: `this` of a callback is part of what must stay.
      resolve(JSON.stringify([this === undefined ? 'undefined' : typeof this, results.length, shown]));
    });
  });
}

// Shapes.
for (const [owner, object] of Object.entries({ fs, promises })) {
  tell(`${owner} keys`, Object.keys(object).sort());
  for (const [name, value] of Object.entries(object)) {
    if (typeof value !== 'function') continue;
    const symbols = Object.getOwnPropertySymbols(value).map(String);
    const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, name) ?? {};
    tell(`${owner}.${name}`, [
      value.name,
      value.length,
      Reflect.ownKeys(value).map(String),
      symbols,
      'prototype' in value,
    ]);
    tell(`${owner}.${name} property`, [writable, enumerable, configurable]);
  }
}
tell('one object', [fs === require('node:fs'), fs.promises === promises, require('node:fs/promises') === promises]);
for (const name of ['readFileSync', 'readFile', 'open', 'createReadStream', 'ReadStream', 'promises']) {
  tell(`named ${name}`, Reflect.get(named, name) === Reflect.get(fs, name));
}

// Promisified forms.
await attempt('exists', async () => [await promisify(fs.exists)(folder), await promisify(fs.exists)(`${folder}/no`)]);
await attempt('write', async () => {
  const fd = fs.openSync(path, 'w+');
  const written = await promisify(fs.write)(fd, Buffer.from('hello'), 0, 5, 0);
  const writev = await promisify(fs.writev)(fd, [Buffer.from(', world')]);
  const read = await promisify(fs.read)(fd, Buffer.alloc(5), 0, 5, 0);
  const readv = await promisify(fs.readv)(fd, [Buffer.alloc(3)], 0);
  fs.closeSync(fd);
  return JSON.stringify([
    written.bytesWritten,
    Object.keys(writev),
    read.bytesRead,
    String(read.buffer),
    Object.keys(readv),
  ]);
});
await attempt('promisified readFile', () => promisify(fs.readFile)(path, 'utf8'));
await attempt('promisified open', async () => typeof (await promisify(fs.open)(path, 'r')));

// Results and errors.
await attempt('readFileSync', () => fs.readFileSync(path, 'utf8'));
await attempt('readFile', () => called((callback) => fs.readFile(path, 'utf8', callback)));
await attempt('writeFile', () => called((callback) => fs.writeFile(path, 'content', callback)));
await attempt('open', () => called((callback) => fs.open(`${path}/no`, callback)));
await attempt('mkdir of a sidecar', () => called((callback) => fs.mkdir(`${path}.lock`, callback)));
await attempt('mkdir of it again', () => called((callback) => fs.mkdir(`${path}.lock`, callback)));
await attempt('mkdir, promise', () => promises.mkdir(`${path}.lock`));
await attempt('rmdir', () => called((callback) => fs.rmdir(`${path}.lock`, callback)));
await attempt('cp', () => called((callback) => fs.cp(path, `${folder}/copy.json`, callback)));
await attempt('cp, exists', () => promises.cp(path, `${folder}/copy.json`, { errorOnExist: true, force: false }));
await attempt('copyFile', () => called((callback) => fs.copyFile(path, `${folder}/copy.json`, callback)));
await attempt('rename', () => called((callback) => fs.rename(`${folder}/copy.json`, path, callback)));
await attempt('truncate', () => called((callback) => fs.truncate(path, 3, callback)));
await attempt('readFile in between', () => promises.readFile(path, 'utf8'));
await attempt('rename of nothing', () => promises.rename(`${folder}/nothing.json`, path));
await attempt('unlink of nothing', () => called((callback) => fs.unlink(`${folder}/nothing.json`, callback)));
for (const bad of [undefined, null, 7.5, {}, '', 'a\0b', -1, new URL('https://example.org/')]) {
  await attempt(`readFileSync ${String(bad)}`, () => fs.readFileSync(/** @type {string} */ (bad)));
  await attempt(`readFile ${String(bad)}`, () => promises.readFile(/** @type {string} */ (bad)));
  await attempt(`openSync ${String(bad)}`, () => fs.openSync(/** @type {string} */ (bad), 'r'));
}
await attempt('bad flags', () => fs.openSync(path, 'rw'));
// @ts-expect-error: that there is no callback is the point.
await attempt('no callback', () => fs.readFile(path));
// @ts-expect-error: the same.
await attempt('no callback of open', () => fs.open(path, 'r'));
await attempt('aborted', () => promises.readFile(path, { signal: AbortSignal.abort() }));
await attempt('missing', () => promises.readFile(join(folder, 'missing.json')));
await attempt('missing, sync', () => fs.readFileSync(join(folder, 'missing.json')));

// FileHandles.
await attempt('FileHandle', async () => {
  const file = await promises.open(path, 'r+');
  const parts = [
    await file.readFile('utf8'),
    (await file.write('12345', 0)).bytesWritten,
    (await file.read(Buffer.alloc(2), 0, 2, 0)).bytesRead,
    await file.truncate(4),
    await file.appendFile('67'),
    (await file.stat()).size,
    file.fd > 2,
    await file.close(),
    file.fd,
    Object.keys(file).filter((key) => key !== 'close'),
    file.constructor.name,
    file.read.name,
    file.read.length,
  ];
  return JSON.stringify(parts);
});
await attempt('closed FileHandle', async () => {
  const file = await promises.open(path);
  await file.close();
  return file.readFile();
});
await attempt('FileHandle stream', async () => text((await promises.open(path)).createReadStream()));
await attempt('FileHandle lines', async () => {
  const lines = [];
  for await (const line of (await promises.open(path)).readLines()) lines.push(line);
  return lines;
});
await attempt('FileHandle web stream', async () => {
  const file = await promises.open(path);
  const content = await text(/** @type {AsyncIterable<Uint8Array>} */ (file.readableWebStream()));
  await file.close();
  return content;
});

// Streams.
const stream = fs.createReadStream(path);
tell('stream', [
  stream instanceof fs.ReadStream,
  stream.constructor === fs.ReadStream,
  Object.getPrototypeOf(stream) === fs.ReadStream.prototype,
  fs.ReadStream === Reflect.get(fs, 'FileReadStream'),
  fs.ReadStream.name,
  stream.path === path,
]);
/** @type {string[]} */
const events = [];
for (const name of ['open', 'ready', 'data', 'end', 'close']) stream.on(name, () => events.push(name));
await once(stream, 'close');
tell('events', events);
/** @type {new (path: string, options: object) => fs.ReadStream} */
// @ts-expect-error: that the class can be made is not in the types.
const ReadStream = fs.ReadStream;
class Counting extends ReadStream {}
await attempt('subclass', async () => {
  const counting = new Counting(path, {});
  return [counting instanceof Counting, counting instanceof fs.ReadStream, await text(counting)];
});
await attempt('missing stream', () => text(fs.createReadStream(join(folder, 'missing.json'))));
await attempt('pipeline', () => pipeline(fs.createReadStream(path), fs.createWriteStream(join(folder, 'piped.json'))));
await attempt('piped', () => fs.readFileSync(join(folder, 'piped.json'), 'utf8'));

// Order: what was begun first comes first, and promises of node:fs settle among others where they did.
/** @type {string[]} */
const order = [];
await new Promise((resolve) => {
  fs.access(path, () => {
    process.nextTick(() => order.push('tick'));
    void Promise.resolve().then(() => order.push('microtask'));
    setImmediate(() => order.push('immediate'));
    fs.readFileSync(path);
    order.push('after sync');
    fs.writeFile(path, 'x', () => {
      order.push('written');
      fs.readFile(path, 'utf8', (_error, content) => {
        order.push(`read ${content}`);
        resolve(undefined);
      });
      order.push('reading');
    });
    order.push('writing');
  });
});
tell('order', order);

// An unhandled rejection is still one.
process.on('unhandledRejection', (error) => {
  tell('unhandled', errorOf(error));
  console.log(seen.join('\n'));
});
void promises.open(join(folder, 'missing.json'));
