import { writeSync } from 'node:fs';
import { stripVTControlCharacters, styleText } from 'node:util';
import {
  DefaultReporter,
  type SerializedError,
  type TestCase,
  type TestModule,
  type TestRunEndReason,
} from 'vitest/node';
import { processorSeconds } from './processor-time.js';

const SHOWN = 10;

interface Cost {
  readonly path: string;
  readonly seconds: number;
}

/**
 * A line a file, with what it cost in processor time; the tests that failed, and those that were skipped, by name; and at the end the
 * ten files that cost most and the sum of all processes. Time on the clock is left out: it says how busy the machine was.
 */
export default class CostReporter extends DefaultReporter {
  readonly #budgetMinutes: number | undefined;
  readonly #costs: Cost[] = [];
  readonly #skipped: string[] = [];

  constructor(options: { readonly budgetMinutes?: number } = {}) {
    super();
    this.#budgetMinutes = options.budgetMinutes;
  }

  override onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason) {
    super.onTestRunEnd(modules, errors, reason);
    // The processes of the tests count once they have been waited for, so the sum is taken at the very end.
    process.once('exit', () => writeSync(1, this.#summary()));
  }

  protected override printTestModule(module: TestModule): void {
    const seconds = module.meta().processorSeconds ?? 0;
    const path = this.relative(module.moduleId);
    this.#costs.push({ path, seconds });
    const tests = [...module.children.allTests()];
    const failed = tests.filter((test) => test.result().state === 'failed');
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const counts = [`${tests.length} tests`];
    if (failed.length > 0) counts.push(styleText('red', `${failed.length} failed`));
    if (skipped.length > 0) counts.push(styleText('yellow', `${skipped.length} skipped`));
    const line = `${this.getStateSymbol(module)} ${path} (${counts.join(', ')})`;
    this.log(` ${line}${' '.repeat(Math.max(1, 64 - width(line)))}${inSeconds(seconds)}`);
    for (const test of failed) this.log(styleText('red', `     ${nameOf(test)}`));
    // With a pattern of names, everything else is skipped: nobody wants to read that.
    if (this.ctx.config.testNamePattern === undefined)
      this.#skipped.push(...skipped.map((test) => `${path}: ${nameOf(test)}`));
  }

  #summary(): string {
    const lines = [''];
    if (this.#skipped.length > 0) {
      lines.push('Skipped here, since a tool is missing (test/helpers/needs.ts) or the test says so:');
      lines.push(...this.#skipped.map((name) => `  ${name}`), '');
    }
    if (this.#costs.length > SHOWN) {
      lines.push(`The ${SHOWN} files that cost most:`);
      const dearest = this.#costs.toSorted((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
      lines.push(...dearest.map(({ path, seconds }) => `  ${inSeconds(seconds)}  ${path}`), '');
    }
    const budget = this.#budgetMinutes === undefined ? '' : `, of ${this.#budgetMinutes}`;
    const minutes = (processorSeconds() / 60).toFixed(1);
    lines.push(`Processor time of all processes, user and system: ${minutes} minutes${budget}`, '');
    return lines.join('\n');
  }
}

function nameOf(test: TestCase): string {
  return test.fullName;
}

function width(line: string): number {
  return stripVTControlCharacters(line).length;
}

function inSeconds(seconds: number): string {
  return `${seconds.toFixed(1).padStart(6)} s`;
}
