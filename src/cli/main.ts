#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { benchCommand } from './bench.js';
import { clearCommand } from './clear.js';
import { diagnoseCommand } from './diagnose.js';
import { EXIT_STATUS_HELP, ExitStatus } from './exit-status.js';
import { getCommand } from './get.js';
import { lsCommand } from './ls.js';
import { pruneCommand } from './prune.js';
import { raceCommand } from './race.js';
import { rmCommand } from './rm.js';
import { setCommand } from './set.js';
import { complain, guardStandardStreams } from './standard-streams.js';
import { statsCommand } from './stats.js';
import { traceCommand } from './trace.js';
import { verifyCommand } from './verify.js';
import { watchCommand } from './watch.js';

guardStandardStreams();

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

const program = new Command('holdfast')
  .description('A file cache that many processes can share: no torn read, no lost write, no SIGBUS.')
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'holdfast: ')) })
  .showHelpAfterError('(holdfast --help tells what there is.)')
  .addHelpText('after', `\n${EXIT_STATUS_HELP}`)
  .exitOverride();
const commands = [
  raceCommand,
  diagnoseCommand,

  benchCommand,
  lsCommand,
  getCommand,
  setCommand,
  rmCommand,
  clearCommand,
  statsCommand,
  verifyCommand,
  pruneCommand,
  traceCommand,
  watchCommand,
];
for (const make of commands) {
  const command = make().copyInheritedSettings(program);
  for (const part of command.commands) part.copyInheritedSettings(command);
  program.addCommand(command);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

/** Commander has printed its own errors; it throws for `--help` and `--version` too. */
function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.fine : ExitStatus.wrongUse;
  complain(error);
  return ExitStatus.wrongUse;
}
