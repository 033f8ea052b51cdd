#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { complain, EXIT_STATUS_HELP, ExitStatus, guardStandardStreams } from './process/index.js';

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
/** The commands by name, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<() => Command>>> = {
  race: async () => (await import('./commands/race.js')).raceCommand,
  diagnose: async () => (await import('./commands/diagnose.js')).diagnoseCommand,
  bench: async () => (await import('./commands/bench.js')).benchCommand,
  ls: async () => (await import('./caches/ls.js')).lsCommand,
  get: async () => (await import('./caches/get.js')).getCommand,
  set: async () => (await import('./caches/set.js')).setCommand,
  rm: async () => (await import('./caches/rm.js')).rmCommand,
  clear: async () => (await import('./caches/clear.js')).clearCommand,
  stats: async () => (await import('./caches/stats.js')).statsCommand,
  verify: async () => (await import('./caches/verify.js')).verifyCommand,
  prune: async () => (await import('./caches/prune.js')).pruneCommand,
  trace: async () => (await import('./commands/trace.js')).traceCommand,
  watch: async () => (await import('./commands/watch.js')).watchCommand,
};
// Only the command in the first argument is loaded: to load all takes longer than most take to run.
const [first = ''] = process.argv.slice(2);
const loaded = Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
for (const name of loaded) {
  const make = await COMMANDS[name]?.();
  if (make === undefined) continue;
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
