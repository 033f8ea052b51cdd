import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { STRATEGY_NAMES } from '../../src/file/index.js';
import { lockFile, readFile, removeFile, tryLockFile, updateFile, writeFile } from '../../src/index.js';
import { Turnstile } from '../../src/lock/turnstile.js';
import { assertRoomFor, turnstilePath } from '../../src/os/lock-names.js';
import { replaceSyscalls, syscalls } from '../../src/os/syscalls.js';
import { temporaryFolder } from '../helpers/folder.js';

/** A name of so many bytes: of one or of three bytes a character, with what is missing in front. */
function nameOf(bytes: number, character: 'n' | '€'): string {
  const length = Buffer.byteLength(character);
  return 'x'.repeat(bytes % length) + character.repeat(Math.floor(bytes / length));
}

const CHARACTERS = ['n', '€'] as const;

describe.each(['flock', 'rename', 'proper-lockfile'] as const)('strategy %s', (strategy) => {
  test.each([245, 246, 250])('a name of %d bytes is as good as any, and its lock is at <path>.lock', async (bytes) => {
    for (const character of CHARACTERS) {
      const folder = temporaryFolder();
      const name = nameOf(bytes, character);
      const path = `${folder}/${name}`;
      await writeFile(path, 'one', { strategy });
      let sidecar = false;
      const change = (old: Buffer | undefined) => {
        sidecar = existsSync(`${path}.lock`);
        return `${old}, two`;
      };
      await updateFile(path, change, { strategy });
      expect(sidecar).toBe(true);
      expect(String(await readFile(path, { strategy }))).toBe('one, two');
      expect(await removeFile(path, { strategy })).toBe(true);
      expect(readdirSync(folder).filter((left) => left !== `${name}.lock`)).toEqual([]);
    }
  });
});

describe.each(STRATEGY_NAMES)('strategy %s', (strategy) => {
  test.each([251, 255])(
    'a name of %d bytes has no room for a lock: ERR_INVALID_ARGUMENT, and nothing is touched',
    async (bytes) => {
      for (const character of CHARACTERS) {
        const folder = temporaryFolder();
        const path = `${folder}/${nameOf(bytes, character)}`;
        const refused = { code: 'ERR_INVALID_ARGUMENT', path };
        await expect(writeFile(path, 'new', { strategy })).rejects.toMatchObject(refused);
        expect(readdirSync(folder)).toEqual([]);
        writeFileSync(path, 'old');
        symlinkSync(path, `${folder}/link`);
        for (const given of [path, `${folder}/link`]) {
          await expect(updateFile(given, () => 'new', { strategy })).rejects.toMatchObject(refused);
          await expect(lockFile(given, 'exclusive', { strategy })).rejects.toMatchObject(refused);
          expect(() => tryLockFile(given, 'shared')).toThrow(expect.objectContaining(refused));
        }
        expect(readdirSync(folder).length).toBe(2);
        expect(readFileSync(path, 'utf8')).toBe('old');
      }
    },
  );
});

test('what readers without a lock read may have any name', async () => {
  const path = `${temporaryFolder()}/${nameOf(255, 'n')}`;
  writeFileSync(path, 'old');
  expect(String(await readFile(path, { strategy: 'rename' }))).toBe('old');
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', path });
});

test('write-file-atomic needs room for its temporary, and says so before anything is touched', async () => {
  const folder = temporaryFolder();
  const strategy = 'write-file-atomic';
  await writeFile(`${folder}/${nameOf(244, 'n')}`, 'new', { strategy });
  const files = readdirSync(folder);
  const refused = writeFile(`${folder}/${nameOf(245, 'n')}`, 'new', { strategy });
  await expect(refused).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  expect(readdirSync(folder)).toEqual(files);
});

test('the turnstile of a long name stands where every process finds it, and nowhere else', () => {
  for (const [bytes, usual] of [
    [245, true],
    [246, false],
    [250, false],
  ] as const) {
    const folder = temporaryFolder();
    const sidecar = `${folder}/${nameOf(bytes, 'n')}.lock`;
    writeFileSync(sidecar, '');
    const [one, other] = [new Turnstile(sidecar, undefined, () => 0), new Turnstile(sidecar, undefined, () => 0)];
    expect(one.enter()).toBe('entered');
    expect(other.occupant()).toBeDefined();
    expect(other.enter()).toBe('occupied');
    expect(existsSync(`${sidecar}.next`)).toBe(usual);
    expect(turnstilePath(sidecar).endsWith('.lock.next')).toBe(true);
    one.leave();
    expect(other.occupant()).toBeUndefined();
    expect(readdirSync(folder)).toEqual([sidecar.slice(folder.length + 1)]);
  }
});

test('where the file system has less room, the lock is refused in the same words, and a turnstile is done without', async () => {
  const folder = temporaryFolder();
  const short = 143;
  const { open, stat } = syscalls;
  const limited =
    <A extends unknown[], R>(call: (path: string, ...rest: A) => R) =>
    (path: string, ...rest: A): R => {
      if (path.slice(path.lastIndexOf('/') + 1).length <= short) return call(path, ...rest);
      throw Object.assign(new Error(`ENAMETOOLONG: name too long, '${path}'`), { code: 'ENAMETOOLONG' });
    };
  onTestFinished(replaceSyscalls({ open: limited(open), stat: limited(stat) }));
  const refused = writeFile(`${folder}/${nameOf(short, 'n')}`, 'new');
  await expect(refused).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', cause: { code: 'ENAMETOOLONG' } });
  const path = `${folder}/${nameOf(short - '.lock'.length, 'n')}`;
  const lock = await lockFile(path, 'exclusive');
  const waiting = lockFile(path, 'exclusive');
  await lock.release();
  await (await waiting).release();
});

test('a path that is too long as a whole has no room either', () => {
  const path = `/${'folder/'.repeat(584)}name`;
  expect(path.length).toBeLessThan(4096);
  expect(() => assertRoomFor('.lock', path)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', path }));
});
