// Writes to a file under its exclusive lock: node examples/hold-and-write/write.mjs FILE [TEXT]
// While hold.mjs holds the shared lock it waits, for as long as it must; any number of readers may hold theirs.
import { writeFile } from 'holdfast';

const [file, text = 'written'] = process.argv.slice(2);
if (file === undefined) {
  console.error('Usage: node examples/hold-and-write/write.mjs FILE [TEXT]');
  process.exit(2);
}

console.log('asking for the exclusive lock');
const askedAt = performance.now();
await writeFile(file, `${text}\n`, { strategy: 'flock', timeout: 60_000 });
console.log(`written after ${((performance.now() - askedAt) / 1000).toFixed(1)} s`);
