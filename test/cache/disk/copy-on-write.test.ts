import { closeSync, fstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { prepareDirectory } from '../../../src/cache/directory/directory.js';
import { Eras } from '../../../src/cache/era/eras.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { isNoCopyOnWrite } from '../../../src/os/no-copy-on-write.js';
import { replaceSyscalls } from '../../../src/os/syscalls.js';
import { cacheForTest } from '../../helpers/cache.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { eraFolder } from '../../helpers/file-cache.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { mountBtrfs } from '../../helpers/mount.js';
import { needs } from '../../helpers/needs.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

describe('where each write takes a new block', () => {
  /** Opens an era on a file system that is said to be like that, or not. */
  function openEra(directory: string, copyOnWrite: boolean): void {
    const prepared = prepareDirectory(directory, 0o700);
    const eras = new Eras({ ...prepared, copyOnWrite }, () => {}, {
      strategy: 'rename',
      mode: 0o700,
      lockTimeoutMs: 1_000,
    });
    eras.openSync().close();
  }

  test('the words that are shared are made an exception before their first byte is written', () => {
    const asked: { file: string; length: number }[] = [];
    onTestFinished(
      replaceSyscalls({
        setNoCopyOnWrite: (fd) => {
          asked.push({ file: readlinkSync(`/proc/self/fd/${fd}`), length: fstatSync(fd).size });
        },
      }),
    );
    const directory = `${temporaryFolder()}/cache`;
    openEra(directory, true);
    const file = `${eraFolder(directory)}/shared`.replace('/era-', '/new-');
    expect(asked).toEqual([{ file, length: 0 }]);
    openEra(`${temporaryFolder()}/cache`, false);
    expect(asked).toHaveLength(1);
  });

  test('it is refused, with a way out, where that cannot be; nothing is left', () => {
    const cause = Object.assign(new Error('EOPNOTSUPP: ioctl'), { code: 'EOPNOTSUPP' });
    onTestFinished(
      replaceSyscalls({
        setNoCopyOnWrite: () => {
          throw cause;
        },
      }),
    );
    const directory = `${temporaryFolder()}/cache`;
    expect(() => openEra(directory, true)).toThrow(
      expect.objectContaining({
        code: 'ERR_UNSUPPORTED_FILESYSTEM',
        cause,
        message: expect.stringContaining('another file system'),
      }),
    );
    expect(readdirSync(`${directory}/v1`).filter((name) => !name.endsWith('.lock'))).toEqual([]);
    expect(openFilesIn(directory)).toEqual([]);
  });
});

describe.skipIf(!needs('btrfs'))('on btrfs', () => {
  test.each(['rename', 'flock'] as const)(
    'a cache works, strategy %s, and rewrites no entry in place',
    async (strategy) => {
      const directory = `${mountBtrfs()}/cache`;
      const cache = new FileCache<string>({ directory, strategy });
      for (let time = 0; time < 3; time += 1) await cache.set('small', `value ${time}`);
      await cache.set('large', 'x'.repeat(300_000));
      expect([await cache.get('small'), (await cache.get('large'))?.length]).toEqual(['value 2', 300_000]);
      expect(await cache.verify()).toMatchObject({ entries: 2, found: 0 });
      await cache.close();
      const shared = openSync(`${eraFolder(directory)}/shared`, 'r');
      const lock = openSync(`${directory}/v1/format`, 'r');
      try {
        expect([isNoCopyOnWrite(shared), isNoCopyOnWrite(lock)]).toEqual([true, false]);
      } finally {
        closeSync(shared);
        closeSync(lock);
      }
      const core = cacheForTest({ directory, strategy });
      expect(core.storage.rewrites).toBe(false);
      await core.close();
    },
  );
});
