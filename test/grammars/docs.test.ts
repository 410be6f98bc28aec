import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mergeConsole } from '../support/merge-console.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const PAGE = readFileSync(new URL('../../docs/grammars.md', import.meta.url), 'utf8');
const [, afterHeading = ''] = PAGE.split('## By example');
const EXAMPLES = afterHeading
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map(toCells);

test.each(EXAMPLES)('the page’s example is read so: %s', (printed, level, logger, message) => {
  const { records } = mergeConsole([{ stream: 'stderr', bytes: `${printed}\n` }], {
    home: createTemporaryDir(),
  });
  const [record] = records.filter(({ eventName }) => eventName === undefined);
  expect({ level: record?.severityText ?? '', logger: record?.logger, body: record?.body }).toEqual(
    { level, logger, body: message },
  );
});

test('the page has examples', () => {
  expect(EXAMPLES.length).toBeGreaterThan(5);
});

/** A table's row: `\|` in a cell is a bar, backticks are code. */
function toCells(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) =>
      cell
        .trim()
        .replaceAll('\\|', '|')
        .replace(/^`(.*)`$/, '$1'),
    );
}
