// @ts-check
// Stores to every page of the words that the processes of a cache share: node touch-words.mjs DIRECTORY. On a disk that has no room for one of
// them this process ends with SIGBUS.
import { readFileSync } from 'node:fs';
import { openEra } from '../../dist/cache/era/era.js';
import { SLOTS } from '../../dist/cache/format/key.js';
import { GENERATIONS } from '../../dist/cache/shared/words.js';

const version = `${process.argv[2]}/v1`;
const { era: name, number } = JSON.parse(readFileSync(`${version}/format`, 'utf8'));
const era = openEra(`${version}/${name}`, number);
if (era === undefined || era === 'unknown layout') throw new Error('There is no era.');
for (let slot = 0; slot < SLOTS; slot += 1) {
  era.words.setEpoch(slot, era.words.epoch(slot));
  era.words.setLease(slot, 0);
  era.words.touch(slot, 7);
}
for (let shard = 0; shard < 256; shard += 1) era.words.setBusy(shard, 0);
for (let index = 0; index < GENERATIONS; index += 1) era.words.nextGeneration(index);
process.stdout.write('touched');
