import { expect, test } from 'vitest';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { openCache } from '../../helpers/file-cache.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

test('an entry that is rewritten in place has its old bytes again where the disk fails half-way', () => {
  const { cache } = openCache<string>({ strategy: 'flock', codec: 'text', memory: false });
  cache.setSync('key', 'the old value');
  const { write } = syscalls;
  let writes = 0;
  const restore = replaceSyscalls({
    write(fd, buffer, offset, length, position) {
      writes += 1;
      if (writes === 2) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
      return write(fd, buffer, offset, writes === 1 ? length - 5 : length, position);
    },
  });
  try {
    expect(() => cache.setSync('key', 'the new value')).toThrow(expect.objectContaining({ code: 'EIO' }));
  } finally {
    restore();
  }
  expect(writes).toBe(3);
  expect(cache.getSync('key')).toBe('the old value');
});
