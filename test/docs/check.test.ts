import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blocksOf } from '../../scripts/docs/blocks.mjs';
import { checkDocuments } from '../../scripts/docs/check.mjs';
import { temporaryFolder } from '../helpers/folder.js';

const FENCE = '```';

function documentOf(text: string): string {
  const path = join(temporaryFolder(), 'sample.md');
  writeFileSync(path, text.replaceAll('~~~', FENCE));
  return path;
}

test('a block has its language, its code without indentation, and the notes of the comment before it', () => {
  const text = `Text

<!-- a comment that is none of a block -->

- item

  <!-- before:
  const one = 1;
  after:
  if (two !== 2) throw new Error('no');
  not run: it says why
  -->

  ${FENCE}ts
  const two = one + 1;
    two;
  ${FENCE}

${FENCE}
plain
${FENCE}
`;
  expect(blocksOf('sample.md', text)).toEqual([
    {
      document: 'sample.md',
      line: 15,
      language: 'ts',
      code: 'const two = one + 1;\n  two;',
      notes: { before: 'const one = 1;\n', after: "if (two !== 2) throw new Error('no');\n", notRun: 'it says why' },
    },
    { document: 'sample.md', line: 20, language: '', code: 'plain', notes: { before: '', after: '' } },
  ]);
});

test('what does not compile, parse or run is told with its line; what does is no problem', () => {
  const broken = documentOf(`
~~~ts
import { FileCache } from 'holdfast';
const cache = new FileCache({ directory: '/var/cache/x' });
const n: number = await cache.get('key');
~~~

~~~json
{ "no": json }
~~~

~~~sh
if true; then
~~~

~~~
no language
~~~

~~~haskell
main = pure ()
~~~
`);
  const { problems } = checkDocuments([broken]);
  const at = (line: number) => expect.stringMatching(new RegExp(`^${broken}:${line}: `));
  expect(problems).toEqual([at(9), at(13), at(17), at(21), expect.stringMatching(`^${broken}:5: error TS`)]);
});

test('a program is run in a folder of its own, with what the notes say before and after', () => {
  const fails = documentOf(`
<!-- before:
import { writeFileSync } from 'node:fs';
const expected: string = 'other';
after:
if (text !== expected) throw new Error(\`found \${text}\`);
-->

~~~ts
writeFileSync('file', 'text');
const text = 'text';
~~~

<!-- not run: it would end with an error -->

~~~js
throw new Error('it was run');
~~~
`);
  const { problems, blocks, ran } = checkDocuments([fails]);
  expect([blocks, ran]).toEqual([2, 1]);
  expect(problems).toEqual([expect.stringContaining('Error: found text')]);
  expect(problems[0]).toContain(`${fails}:10: ended with 1`);
});
