import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRecords } from '../../../src/spool/signal-reader.ts';
import type { StoredRecord } from '../../../src/spool/signal-reader.ts';
import type { RawRecord } from '../../../src/view/records/raw-record.ts';
import { scanLine } from '../../../src/view/records/scan-line.ts';
import { toLines, writeRecords } from '../support/record-lines.ts';

function scan(line: Buffer, mayTake: (raw: RawRecord) => boolean = () => true): StoredRecord[] {
  const records: StoredRecord[] = [];
  scanLine(line, { mayTake, take: (record) => records.push(record) });
  return records;
}

/** What a hostile program can print to look like the envelope around it. */
const LOOKALIKES = [
  '{"severityNumber":17',
  '"}]},{"scope":{"name":"x"},"logRecords":[{"severityNumber":21',
  '\\"}}]}]}]}',
  'a "quoted" word, a \\ backslash and a\nnewline',
  '",{"severityNumber":5,"body":{"stringValue":"fake"}}',
];

test('what we wrote is read as parsing the whole line reads it', () => {
  const draft = fc.record({
    body: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...LOOKALIKES)),
    logger: fc.oneof(fc.constantFrom('app', 'other'), fc.constantFrom(...LOOKALIKES)),
    severity: fc.integer({ min: 0, max: 24 }),
    attributes: fc.dictionary(
      fc.constantFrom(...LOOKALIKES, 'a', 'b'),
      fc.constantFrom(...LOOKALIKES),
    ),
  });
  fc.assert(
    fc.property(fc.array(draft, { minLength: 1, maxLength: 8 }), (drafts) => {
      for (const line of toLines(writeRecords(drafts))) {
        expect(scan(line)).toEqual([...parseRecords(line)]);
      }
    }),
    { numRuns: 60 },
  );
});

test('a record that is not taken is not parsed, and its neighbours are', () => {
  const [line] = toLines(
    writeRecords([
      { body: 'one', logger: 'a' },
      { body: 'two', logger: 'b', severity: 17 },
      { body: 'three', logger: 'c' },
    ]),
  );
  const severe = scan(line!, ({ line: bytes, start }) => bytes[start + 19] === '7'.charCodeAt(0));
  expect(severe.map(({ body, logger }) => [body, logger])).toEqual([['two', 'b']]);
});

const FOREIGN = {
  resourceLogs: [
    {
      resource: { attributes: [] },
      scopeLogs: [
        {
          scope: { name: 'theirs' },
          logRecords: [
            { timeUnixNano: '1795000000000000000', severityNumber: 17, body: { stringValue: 'x' } },
            { timeUnixNano: '1795000001000000000', body: { stringValue: '{"severityNumber":9}' } },
          ],
        },
      ],
    },
  ],
};

test('the records of another program are all parsed, without being asked about', () => {
  const records = scan(Buffer.from(JSON.stringify(FOREIGN)), () => false);
  expect(records.map(({ severity, body, logger }) => [severity, body, logger])).toEqual([
    [17, 'x', 'theirs'],
    [0, '{"severityNumber":9}', 'theirs'],
  ]);
});

test('a line that begins as ours and goes on in another way is read as a whole', () => {
  const records = [
    { severityNumber: 9, body: { stringValue: 'ours?' } },
    { body: { stringValue: 'no' } },
  ];
  const line = Buffer.from(
    JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: records, scope: { name: 'x' } }] }],
    }),
  );
  expect(scan(line).map(({ body, logger }) => [body, logger])).toEqual([
    ['ours?', 'x'],
    ['no', 'x'],
  ]);
});

test('of a torn line with another one glued to it, the whole records are read', () => {
  const line = toLines(writeRecords([{ body: 'one' }, { body: 'two' }, { body: 'three' }]))[0]!;
  const torn = line.subarray(0, line.indexOf('three'));
  const glued = Buffer.concat([torn, toLines(writeRecords([{ body: 'four' }]))[0]!]);
  expect(scan(glued).map(({ body }) => body)).toEqual(['one', 'two', 'four']);
});

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"resourceLogs":5}',
  '{"resourceLogs":[{"scopeLogs":[{"logRecords":[5,null]}]}]}',
  '{"severityNumber":9}',
  '"logRecords":[{"severityNumber":',
  '\xff\xfe',
])('a line that is no envelope has no records: %j', (text) => {
  expect(() => scan(Buffer.from(text, 'latin1'))).not.toThrow();
});

test.each([
  ['{"arrayValue":{"values":[', ']}}'],
  ['{"kvlistValue":{"values":[{"key":"a","value":', '}]}}'],
])('JSON deeper than the stack is no trouble: %s', (open, close) => {
  const body = `${open.repeat(20_000)}{}${close.repeat(20_000)}`;
  const deep = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${body}}]}]}]}`;
  expect(() => scan(Buffer.from(deep))).not.toThrow();
});

test('objects where text or numbers belong are nothing', () => {
  const odd = { toString: 1, valueOf: 1 };
  const record = {
    severityNumber: odd,
    timeUnixNano: odd,
    body: { stringValue: odd },
    attributes: [
      { key: odd, value: { intValue: odd } },
      { key: 'b', value: { bytesValue: odd } },
    ],
  };
  const line = { resourceLogs: [{ scopeLogs: [{ scope: { name: odd }, logRecords: [record] }] }] };
  expect(scan(Buffer.from(JSON.stringify(line)))).toMatchObject([{ severity: 0, logger: '' }]);
});
