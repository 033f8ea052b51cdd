import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { holdfast } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/folder.js';

describe('holdfast', () => {
  test('--version prints the version', async () => {
    expect(await holdfast(['--version']).ended).toMatchObject({ exitCode: 0, stdout: manifest.version });
  });

  test.each([[['--help']], [['race', '--help']], [['help', 'race']]])('%j prints help', async (args) => {
    const { exitCode, stdout, stderr } = await holdfast(args).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: holdfast/);
  });
});

describe('wrong use ends with status 2, a message on standard error and nothing on standard output', () => {
  const cases: [string[], RegExp][] = [
    [[], /Usage: holdfast/],
    [['rase'], /unknown command 'rase'/],
    [['--nope'], /unknown option '--nope'/],
    [['race', '--nope'], /unknown option '--nope'/],
    [['race', 'extra'], /too many arguments/],
    [['race', '--seconds'], /argument missing/],
    [['race', '--readers', 'four'], /'four' is invalid. Expected a number/],
    [['race', '--readers', '0'], /readers must be a whole number from 1/],
    [['race', '--bytes', '7'], /bytes must be a whole number from 24/],
    [['race', '--seconds', '-1'], /seconds must be a number above 0/],
    [['race', '--seed', '0.5'], /seed must be a whole number/],
    [['race', '--strategy', 'flock,hope'], /strategy must be one of .*, not "hope"/],
    [['race', '--access', 'telepathy'], /Allowed choices are mmap, read, stream/],
    [['race', '--access', 'read', '--directory', '/nonexistent/holdfast'], /ENOENT/],
    [['race', '--access', 'read', '--output', '/nonexistent/holdfast/report.json'], /ENOENT/],
    [['race', '--access', 'read', '--html', '/nonexistent/holdfast/report.html'], /ENOENT/],
    [['race', '--access', 'read', '--html', '-'], /Expected a file, whose name/],
  ];
  test('whatever is wrong', async () => {
    const env = { TMPDIR: temporaryFolder() };
    const runs = await Promise.all(cases.map(([args]) => holdfast(args, env).ended));
    runs.forEach(({ exitCode, stdout, stderr }, index) => {
      const [args, message] = cases[index] ?? [];
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).toMatch(message ?? /never/);
    });
  });
});
