// @ts-check
// Runs the steps and prints a line for each. With arguments: what starts the other process, up to its script.
import { dirname, extname, join } from 'node:path';
import { smokeSteps } from './steps.mjs';

const self = String(process.argv[1]);
const peerPath = join(dirname(self), `peer${extname(self)}`);
const { steps, cleanUp } = smokeSteps({ peerPath, peerArguments: process.argv.slice(2) });

async function runAll() {
  try {
    for (const [name, step] of steps) {
      try {
        await step();
        console.log(`ok ${name}`);
      } catch (error) {
        console.log(`not ok ${name}: ${error instanceof Error ? error.stack : error}`);
        process.exitCode = 1;
      }
    }
  } finally {
    cleanUp();
  }
}

void runAll();
