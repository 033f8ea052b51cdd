// @ts-check
// Streams and mappings of large values beside plain node:fs moving the same bytes: npm run bench:streams
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, linkSync, readFileSync, rmSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileCache } from '../dist/index.js';
import { measured, ratioOf } from './support/ratios.mjs';
import { runBench } from './support/report.mjs';
import { interleave } from './support/rounds.mjs';

const MEBIBYTE = 1024 * 1024;
/** What a source gives at once; that of createReadStream. */
const CHUNK = Buffer.alloc(64 * 1024, 'holdfast');
const PAGE = 4096;

await runBench('streams', async ({ folder, rounds, quick }) => {
  const megabytes = quick ? 64 : 256;
  const mappedMegabytes = quick ? 128 : 1024;
  const cache = new FileCache({ directory: `${folder}/cache`, codec: 'bytes' });
  const plain = `${folder}/plain`;
  try {
    const speeds = await interleave(rounds + 1, {
      // As the cache does: a new file, and the former one is unlinked.
      fsWrite: () =>
        speedOf(megabytes, async () => {
          await pipeline(source(megabytes), createWriteStream(`${plain}-new`));
          rmSync(plain, { force: true });
          linkSync(`${plain}-new`, plain);
          rmSync(`${plain}-new`);
        }),
      cacheWrite: () => speedOf(megabytes, () => pipeline(source(megabytes), cache.writeStream('key'))),
    });
    const reads = await interleave(rounds + 1, {
      fsRead: () => speedOf(megabytes, () => pipeline(createReadStream(plain), sink())),
      cacheRead: () => speedOf(megabytes, async () => pipeline(await present(cache.readStream('key')), sink())),
    });
    rmSync(plain);
    await cache.delete('key');
    const maps = await mapOften(cache, rounds, mappedMegabytes);
    // The first round of each warms up.
    const [fsWrite, cacheWrite] = [speeds.fsWrite.slice(1), speeds.cacheWrite.slice(1)];
    const [fsRead, cacheRead] = [reads.fsRead.slice(1), reads.cacheRead.slice(1)];
    return {
      options: { megabytes, mappedMegabytes, chunk: CHUNK.length },
      results: { megabytesPerSecond: { fsWrite, cacheWrite, fsRead, cacheRead }, maps },
      ratios: [
        measured('fs.createReadStream', fsRead, { min: 0 }, 'MB/s'),
        measured('fs.createWriteStream', fsWrite, { min: 0 }, 'MB/s'),
        ratioOf(`readStream of ${megabytes} MB, against fs.createReadStream`, cacheRead, fsRead, { min: 0.9 }),
        ratioOf(`writeStream of ${megabytes} MB, against fs.createWriteStream`, cacheWrite, fsWrite, { min: 0.9 }),
        measured(
          `map of ${mappedMegabytes} MB: until its first byte`,
          maps.map(({ firstByteMs }) => firstByteMs),
          { max: 1 },
          'ms',
        ),
        measured(
          'map: private memory after all of it was touched',
          maps.map(({ privateMegabytes }) => privateMegabytes),
          { max: 1 },
          'MB',
        ),
      ],
    };
  } finally {
    await cache.close();
  }
});

/**
 * @param {FileCache<Buffer>} cache
 * @param {number} rounds
 * @param {number} megabytes
 */
async function mapOften(cache, rounds, megabytes) {
  await pipeline(source(megabytes), cache.writeStream('mapped'));
  const results = [];
  for (let round = 0; round <= rounds; round += 1) {
    const before = privateBytes();
    const start = performance.now();
    const mapped = await present(cache.map('mapped'));
    const first = mapped.bytes[0];
    const firstByteMs = performance.now() - start;
    let touched = Number(first);
    for (let at = 0; at < mapped.bytes.length; at += PAGE) touched += Number(mapped.bytes[at]);
    const privateMegabytes = Math.max(0, privateBytes() - before) / MEBIBYTE;
    await mapped.close();
    if (round > 0) results.push({ firstByteMs, privateMegabytes, touched });
  }
  return results;
}

/**
 * @param {number} megabytes
 * @param {() => Promise<unknown>} work
 */
async function speedOf(megabytes, work) {
  // What the one before has written is on the disk when the next begins.
  execFileSync('sync');
  const start = performance.now();
  await work();
  return (megabytes * 1_000) / (performance.now() - start);
}

/** @param {number} megabytes */
function source(megabytes) {
  let left = (megabytes * MEBIBYTE) / CHUNK.length;
  return new Readable({
    highWaterMark: CHUNK.length,
    read() {
      this.push(left > 0 ? CHUNK : null);
      left -= 1;
    },
  });
}

function sink() {
  return new Writable({
    write(_chunk, _encoding, callback) {
      callback();
    },
  });
}

/**
 * @template T
 * @param {Promise<T | undefined>} value
 */
async function present(value) {
  const found = await value;
  if (found === undefined) throw new Error('the entry is missing');
  return found;
}

/** Memory that belongs to this process alone; pages of a file that is mapped do not. */
function privateBytes() {
  const [, kibibytes] = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
