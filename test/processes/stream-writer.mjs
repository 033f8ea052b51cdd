// @ts-check
// Writes an entry as a stream and stops in the middle: node stream-writer.mjs DIRECTORY STRATEGY KEY. It says `half` when half of it is in
// its file, and goes on to the end when it is told to.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { FileCache } from '../../dist/cache/file-cache.js';

const [directory = '', strategy = '', key = ''] = process.argv.slice(2);
const cache = new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename' });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const half = Buffer.alloc(1024 * 1024, 'half');

const stream = cache.writeStream(key);
await new Promise((resolve) => stream.write(half, resolve));
console.log('half');
await lines.next();
stream.end(half);
await once(stream, 'finish');
await cache.close();
console.log('whole');
process.exit();
