import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLogFacts } from '../../../src/view/tree/log-facts.ts';
import type { LogFacts } from '../../../src/view/tree/log-facts.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { toLines, writeRecords } from '../support/record-lines.ts';
import type { RecordDraft } from '../support/record-lines.ts';

const metric = (name: string, value: number): RecordDraft => ({
  body: `${name} = ${value}`,
  severity: 0,
  eventName: 'mlops.metric',
  attributes: { 'mlops.metric.name': name, 'mlops.metric.value': value, 'mlops.metric.step': 3 },
});

const RECORDS: RecordDraft[] = [
  { body: 'hello' },
  metric('loss', 0.5),
  { body: 'bare', severity: 0 },
  { body: 'first error', severity: 17, stage: 'a' },
  metric('loss', 0.25),
  metric('a "quoted" name', 1),
  {
    body: 'with a trace',
    severity: 21,
    stage: 'b',
    attributes: { 'exception.stacktrace': 'Trace' },
  },
  { body: 'debugging', severity: 5 },
];

function read(bytes: Buffer): LogFacts {
  const path = join(createTemporaryDir(), 'logs.jsonl');
  writeFileSync(path, bytes);
  return readLogFacts(path, { findsError: true });
}

/** The same records as another program would write them: keys in another order, with blanks between. */
function rewrite(bytes: Buffer): Buffer {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toSorted(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, item]) => [key, sorted(item)]),
          )
        : value;
  const lines = toLines(bytes).map((line) => JSON.stringify(sorted(JSON.parse(line.toString()))));
  return Buffer.from(lines.map((line) => `${line.replaceAll('":', '": ')}\n`).join(''));
}

test.each([
  ['ours', (bytes: Buffer) => bytes],
  ['another program', rewrite],
])('levels, metrics and the first error of what %s has written', (_title, toBytes) => {
  const facts = read(toBytes(writeRecords(RECORDS)));
  expect(facts.levels).toEqual({
    none: 4,
    trace: 0,
    debug: 1,
    info: 1,
    warn: 0,
    error: 1,
    fatal: 1,
  });
  expect([...facts.metrics.values()].flat()).toEqual([
    { name: 'loss', value: 0.25, step: 3, file: undefined, count: 2 },
    { name: 'a "quoted" name', value: 1, step: 3, file: undefined, count: 1 },
  ]);
  expect(facts.firstError).toMatchObject({ stage: 'b', body: 'with a trace', stack: 'Trace' });
});

test('without a file there is nothing', () => {
  const facts = readLogFacts('/nowhere/logs.jsonl', { findsError: true });
  expect(facts.starts).toEqual([]);
  expect(facts.firstError).toBeUndefined();
});
