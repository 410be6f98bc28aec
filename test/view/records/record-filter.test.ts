import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredRecord } from '../../../src/spool/signal-reader.ts';
import { parsePattern } from '../../../src/view/records/parse-query.ts';
import { createFilter } from '../../../src/view/records/record-filter.ts';
import type { RecordQuery } from '../../../src/view/records/record-filter.ts';
import { scanLine } from '../../../src/view/records/scan-line.ts';
import { createStageTest } from '../../../src/view/records/stage-names.ts';
import { toLines, writeRecords } from '../support/record-lines.ts';
import type { RecordDraft } from '../support/record-lines.ts';

const RECORDS: RecordDraft[] = [
  { body: 'starting', severity: 9 },
  { body: 'loaded 5 rows', severity: 5, stage: 'ingest' },
  { body: 'odd\tcolumn "x"', severity: 13, stage: 'train@lr0.1', trial: 3 },
  { body: 'no level', severity: 0, stage: 'train', trial: 30 },
  {
    body: 'training failed',
    severity: 17,
    stage: 'tr"ain\\é',
    trial: 3,
    attributes: { 'exception.stacktrace': 'Traceback\nValueError: Größe 5 > 3' },
  },
  { body: 'optuna.trial.number","value":{"intValue":"3"', severity: 21 },
];

function select(query: RecordQuery): string[] {
  const filter = createFilter(query);
  const taken: StoredRecord[] = [];
  for (const line of toLines(writeRecords(RECORDS))) {
    scanLine(line, { mayTake: filter.mayTake, take: (record) => taken.push(record) });
  }
  return taken.filter(filter.accepts).map(({ body }) => body.split(' ')[0]!);
}

const ALL = select({});

test.each<[string, RecordQuery, string[]]>([
  ['everything', {}, ALL],
  [
    'a level and above, without those that have none',
    { minimumSeverity: 13 },
    ['odd\tcolumn', 'training', ALL[5]!],
  ],
  ['a stage', { isStage: createStageTest('ingest') }, ['loaded']],
  ['a stage of a matrix by its name', { isStage: createStageTest('train') }, ['odd\tcolumn', 'no']],
  ['a stage whose name JSON escapes', { isStage: createStageTest('tr"ain\\é') }, ['training']],
  ['a pattern of stages', { isStage: createStageTest('tr*n*') }, ['odd\tcolumn', 'no', 'training']],
  ['a trial, and not one that begins with its number', { trial: 3 }, ['odd\tcolumn', 'training']],
  [
    'a text in the message, in any case',
    { pattern: parsePattern('LOADED'.toLowerCase()) },
    ['loaded'],
  ],
  ['a text with a capital, as it is', { pattern: parsePattern('Loaded') }, []],
  ['a text in the traceback', { pattern: parsePattern('valueerror') }, ['training']],
  ['beyond ASCII, in any case', { pattern: parsePattern('grösse|größe') }, ['training']],
  ['what JSON escapes', { pattern: parsePattern('column "x"') }, ['odd\tcolumn']],
  ['a tab', { pattern: parsePattern('d\\tc') }, ['odd\tcolumn']],
  ['a line of several', { pattern: parsePattern('^ValueError') }, ['training']],
  ['since a time', { since: [1_795_000_004, 0] }, ['training', ALL[5]!]],
  ['all at once', { minimumSeverity: 13, trial: 3, pattern: parsePattern('failed') }, ['training']],
])('%s', (_title, query, bodies) => {
  expect(select(query)).toEqual(bodies);
});

test('what the bytes say agrees with what the record says, for any text', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aAbK"\\\n{}:5 ßé'.split('')), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), text, (bodies, wanted) => {
      const pattern = parsePattern(wanted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
      const filter = createFilter({ pattern });
      const all: StoredRecord[] = [];
      const taken: StoredRecord[] = [];
      for (const line of toLines(writeRecords(bodies.map((body) => ({ body }))))) {
        scanLine(line, { mayTake: () => true, take: (record) => all.push(record) });
        scanLine(line, { mayTake: filter.mayTake, take: (record) => taken.push(record) });
      }
      expect(taken.filter(filter.accepts)).toEqual(all.filter(filter.accepts));
    }),
    { numRuns: 300 },
  );
});
