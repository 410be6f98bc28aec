import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createRunId } from '../../src/model/ids.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { startSink } from '../support/sink.ts';
import type { StartedSink } from '../support/sink.ts';
import { countItems, makePushed } from './pushed-run.ts';
import { toEmptyResources, toManyAttributes, toMinimalRecords, toNested } from './hostile-body.ts';

const CLIENTS = 8;
const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const RUN = createRunId();
const LONG = { timeout: 120_000 };

/** Idle it has 60 to 70 MiB, and a gibibyte was reached by each of these while a request was there as a whole. */
const MAX_MIB = 256;

const BODIES: readonly (readonly [string, string, () => Buffer, readonly number[]])[] = [
  ['minimal records', PROTOBUF, () => toMinimalRecords(RUN), [413, 503]],
  ['a record with a million attributes', PROTOBUF, () => toManyAttributes(RUN), [200, 503]],
  ['empty resources', PROTOBUF, toEmptyResources, [413, 503]],
  ['minimal records in JSON', JSON_TYPE, () => toJson(Buffer.alloc(15e6, '{},')), [413, 503]],
  ['a record of 15 MB', JSON_TYPE, () => toJson(toText(15e6)), [200, 503]],
  ['lists in lists in JSON', JSON_TYPE, () => toJson(Buffer.alloc(15e6, '[')), [400, 503]],
  ['what unpacks to 256 MB', JSON_TYPE, () => Buffer.alloc(2 ** 28, ' '), [413, 503]],
];

test.runIf(process.platform === 'linux').each(BODIES)(
  '%s: eight clients at once are refused in words, in bounded memory, and a run that comes with them is whole',
  LONG,
  async (_what, type, makeBody, statuses) => {
    const dir = createTemporaryDir();
    const sink = await startSink({ dir, tracking: 'http://127.0.0.1:9' });
    const body = gzipSync(makeBody(), { level: 1 });
    const run = makePushed();
    const answers = Array.from({ length: CLIENTS }, async () => send(sink, { type, body }));
    await run.pushTo(sink.url);
    for (const { status, text } of await Promise.all(answers)) {
      expect(statuses).toContain(status);
      expect(text).toMatch(/at most|too many|larger|busy|ends in the middle/);
    }
    expect(readPeakMib(sink)).toBeLessThan(MAX_MIB);
    expect(countItems(join(dir, 'runs', run.runId))).toEqual(countItems(run.runDir));
  },
);

test('a value that is nested ten thousand deep takes none of the others along', async () => {
  const dir = createTemporaryDir();
  const sink = await startSink({ dir, tracking: 'http://127.0.0.1:9' });
  const { status, text } = await send(sink, { type: PROTOBUF, body: gzipSync(toNested(RUN)) });
  expect(status).toBe(200);
  expect(text).toContain('nested deeper');
});

interface Sent {
  readonly type: string;
  readonly body: Buffer;
}

async function send(
  { url }: StartedSink,
  { type, body }: Sent,
): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': type, 'content-encoding': 'gzip' };
  const answer = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers,
  });
  return { status: answer.status, text: await answer.text() };
}

function toJson(records: Buffer): Buffer {
  const run = `{"key":"cicd.pipeline.run.id","value":{"stringValue":"${RUN}"}}`;
  const head = `{"resourceLogs":[{"resource":{"attributes":[${run}]},"scopeLogs":[{"logRecords":[`;
  return Buffer.concat([Buffer.from(head), records, Buffer.from('{}]}]}]}')]);
}

function toText(length: number): Buffer {
  return Buffer.from(`{"body":{"stringValue":"${'x'.repeat(length)}"}},`);
}

function readPeakMib({ child }: StartedSink): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}
