import { closeSync, mkdtempSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openIntent } from '../../../src/trace/instrument/flags.js';
import { temporaryFolder } from '../../helpers/folder.js';

const FLAGS = [
  'r',
  'rs',
  'sr',
  'r+',
  'rs+',
  'sr+',
  'w',
  'wx',
  'xw',
  'w+',
  'wx+',
  'xw+',
  'a',
  'ax',
  'xa',
  'as',
  'sa',
].concat(['a+', 'ax+', 'xa+', 'as+', 'sa+']);

/** What really happens to a file with content, and to a name without a file. */
function deed(flags: string) {
  const folder = mkdtempSync(join(temporaryFolder(), 'x'));
  const attempt = (name: string) => {
    try {
      closeSync(openSync(join(folder, name), flags));
      return true;
    } catch {
      return false;
    }
  };
  writeFileSync(join(folder, 'old'), 'old');
  const opens = attempt('old');
  return { truncates: statSync(join(folder, 'old')).size === 0, creates: attempt('new'), exclusive: !opens };
}

describe('flags mean what node:fs does with them', () => {
  test.each(FLAGS)('%s', (flags) => {
    const { truncates = false, creates, exclusive } = openIntent(flags) ?? {};
    // `wx` never gets to truncate.
    expect({ truncates: truncates && !exclusive, creates, exclusive }).toEqual(deed(flags));
    expect(openIntent(flags)).toMatchObject({ writes: /[wa+]/.test(flags), appends: flags.includes('a') });
  });

  test.each(['', 'rw', 'x', 'w++ ', undefined, null, {}])('%j is left to node:fs to refuse', (flags) => {
    expect(openIntent(flags)).toBeUndefined();
  });
});
