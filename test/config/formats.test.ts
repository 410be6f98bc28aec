import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isReadingFormat } from '../../src/config/sections/formats.ts';
import { DATE_CODES } from '../../src/config/sections/values.ts';
import { createPythonLogging } from '../../src/grammars/python-logging.ts';
import { compileTextFormat } from '../../src/model/text-format.ts';
import type { TextRecord } from '../../src/model/text-format.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { load } from './project.ts';

const RECORD: TextRecord = {
  time: [1_772_636_767, 89_000_000],
  severity: 9,
  severityText: 'INFO',
  logger: 'train',
  body: 'fitted',
  runId: '0af7651916cd43dd8448eb211c80319c',
  stage: 'train',
  attribute: () => undefined,
};

describe('every code that date_format may have is one that run.log knows', () => {
  test.each(DATE_CODES)('%%%s', (code) => {
    const format = compileTextFormat('%(asctime)s', { dateFormat: `<%${code}>`, zone: 'UTC' });

    expect(format(RECORD)).not.toContain(`%${code}`.replace('%%', '<%%'));
  });
});

describe('what counts as a format to read lines by is what the grammar can read by', () => {
  test.each([
    '%(levelname)s:%(name)s:%(message)s',
    '[%(levelname)s] %(message)s',
    '%(asctime)s %(levelname)s msg="%(message)s"',
    '{asctime} {levelname:<8} {message}',
    '{asctime} {message}',
    '$levelname ${message}',
    '%(message)s',
    '%(asctime)s %(message)s',
    '%(levelname)s %(message)s (%(name)s)',
    '%(levelname)-8s %(message)s',
    '%(levelname).1s %(message)s ',
    '%(levelno)s %(message)s',
  ])('%s', (format) => {
    expect(isReadingFormat(format)).toBe(createPythonLogging([format]).starts !== '');
  });
});

test.each([
  ['%(levelname)8s %(message)s', '    INFO fitted'],
  ['%(relativeCreated)6d %(levelname)s %(message)s', '    12 INFO fitted'],
])('%s is read where blanks pad its first field: %s', (format, line) => {
  const grammar = createPythonLogging([format]);
  expect(grammar.starts).toContain(line[0]);
  expect(grammar.read(line)).toMatchObject({ severityText: 'INFO', body: 'fitted' });
});

test('a format that is taken is one that records can be shown in', async () => {
  const piece = fc.constantFrom(
    '%',
    '%%',
    '(',
    ')',
    's',
    'd',
    'message',
    '%(message)s',
    '%(levelname)-8s',
    '%(x.y)05d',
    ' ',
    '5',
    '.',
    '-',
    '__proto__',
    'toString',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1 }), async (pieces) => {
      const env = { STAGELIGHT_LOGGING_FORMAT: pieces.join('') };
      const loaded = await load({}, { env }).catch((error: unknown) => error);
      if (loaded instanceof ConfigError) return;
      const { config } = loaded as Awaited<ReturnType<typeof load>>;
      expect(typeof compileTextFormat(config.logging.format)(RECORD)).toBe('string');
    }),
    { numRuns: 500 },
  );
});
