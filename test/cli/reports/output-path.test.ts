import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { markedDocument, markedLine } from '../../../src/cli/reports/outlet.js';
import { type Inputs, outputPaths } from '../../../src/cli/reports/output-path.js';
import { renderPage } from '../../../src/html/page.js';
import { temporaryFolder } from '../../helpers/folder.js';

/** A folder with two logs. */
function place() {
  const folder = temporaryFolder();
  const [log, other] = [join(folder, 'a.log'), join(folder, 'b.log')];
  writeFileSync(log, '1 close(3) = 0\n');
  writeFileSync(other, '2 close(3) = 0\n');
  return { folder, log, other };
}

function refusal(name: string, inputs: Inputs = {}, force = false): string {
  try {
    outputPaths([name], inputs, force);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('an output that is an input of the command is refused, with --force too', () => {
  test('under its own name, a longer one, a symbolic link and a hard link', () => {
    const { folder, log, other } = place();
    mkdirSync(join(folder, 'sub'));
    symlinkSync(log, join(folder, 'link'));
    symlinkSync('link', join(folder, 'link to a link'));
    symlinkSync(folder, join(folder, 'folder'));
    linkSync(log, join(folder, 'hard'));
    for (const name of ['a.log', 'sub/../a.log', 'link', 'link to a link', 'folder/a.log', 'hard']) {
      expect(refusal(join(folder, name), { files: [other, log] }, true)).toContain('this command reads it');
      // And the other way round: the input is the link.
      expect(refusal(log, { files: [other, join(folder, name)] }, true)).toContain('this command reads it');
    }
    expect(refusal(other, { files: [log] }, true)).toBe('');
  });

  test('before there is such a file', () => {
    const { folder } = place();
    symlinkSync(folder, join(folder, 'folder'));
    expect(refusal(join(folder, 'new'), { files: [join(folder, 'folder/new')] })).toContain('this command reads it');
    expect(refusal(join(folder, 'newer'), { files: [join(folder, 'folder/new')] })).toBe('');
  });

  test('in a folder that is an input, however deep', () => {
    const { folder, log } = place();
    const inside = join(folder, 'cache');
    mkdirSync(join(inside, 'v1/deep'), { recursive: true });
    symlinkSync(join(inside, 'v1'), join(folder, 'way in'));
    for (const name of ['cache/report', 'cache/v1/deep/report', 'way in/deep/report', 'cache/v1/../report']) {
      expect(refusal(join(folder, name), { folders: [inside] }, true)).toMatch(/it lies in .*cache, which/);
    }
    expect(refusal(join(folder, 'report'), { folders: [inside] })).toBe('');
    expect(refusal(log, { folders: [log] }, true)).toContain('this command reads it');
  });

  test('words of a command that name no file are no inputs', () => {
    const { folder } = place();
    expect(refusal(join(folder, 'report'), { files: ['', '\0', 'x'.repeat(5_000), '--port', '/no/such/file'] })).toBe(
      '',
    );
  });
});

describe('what is there is replaced only if it is a report', () => {
  test('anything else is refused, and --force lifts that', () => {
    const { folder, log } = place();
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    writeFileSync(join(folder, 'other.json'), '{"schema":1,"findings":[]}');
    writeFileSync(join(folder, 'page.html'), '<!doctype html><title>holdfast</title>');
    for (const path of [log, empty, join(folder, 'other.json'), join(folder, 'page.html')]) {
      expect(refusal(path)).toContain('no report of holdfast; --force replaces it');
      expect(refusal(path, {}, true)).toBe('');
    }
    expect(readFileSync(log, 'utf8')).toBe('1 close(3) = 0\n');
  });

  test('each form of a report is one', () => {
    const { folder } = place();
    const forms = [
      markedDocument('stats', { entries: 1 }),
      markedLine('ls', { key: 'a' }),
      markedLine('ls', {}),
      `${JSON.stringify({ schema: 1, bench: 'locks' }, null, 2)}\n`,
      renderPage({ title: 'A race', body: '' }),
    ];
    for (const [index, text] of forms.entries()) {
      const path = join(folder, `report ${index}`);
      writeFileSync(path, text);
      expect({ text, refusal: refusal(path) }).toEqual({ text, refusal: '' });
    }
  });

  test('what is no regular file is refused, with --force too', () => {
    const { folder } = place();
    for (const path of [folder, '/dev/null', '/dev/full']) {
      expect(refusal(path, {}, true)).toContain('it is not a regular file');
    }
  });

  test('a folder that is not there is told, and so are two reports for one file', () => {
    const { folder } = place();
    expect(refusal(join(folder, 'no/report'))).toContain('ENOENT');
    symlinkSync('report', join(folder, 'link'));
    expect(() => outputPaths([join(folder, 'report'), join(folder, 'link')], {}, true)).toThrow('written twice');
  });
});
