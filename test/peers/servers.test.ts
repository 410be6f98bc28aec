import { join } from 'node:path';
import { expect } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { testWith } from '../support/peers.ts';
import { Collector } from '../support/servers/collector.ts';
import { Jaeger } from '../support/servers/jaeger.ts';
import { Loki } from '../support/servers/loki.ts';
import { postRun } from '../support/servers/post-otlp.ts';
import { untilTestEnds } from '../support/servers/server-process.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';
import { START_SECONDS, makeRun } from '../view/support/make-run.ts';

const MINUTE = { timeout: 60_000 };

/** A run of one stage that logs `count` times, and a study of two trials. */
function makeSmallRun(count: number): string {
  const startMs = Date.now() - 60_000 - START_SECONDS * 1000;
  const { runDir } = makeRun({
    home: createTemporaryDir(),
    startMs,
    entries: (run) => [
      ...run.stage('train', [startMs + 100, startMs + 9000]),
      ...run.study('search', { stage: 'train', fromMs: startMs + 200, values: [0.5, undefined] }),
      ...Array.from({ length: count }, (_, index) =>
        run.log(startMs + 500 + index / 1000, 'the same', { span: run.stageId('train') }),
      ),
    ],
  });
  return runDir;
}

testWith('otelcol')('the Collector writes what it is sent', MINUTE, async () => {
  const runDir = makeSmallRun(10);
  const collector = untilTestEnds(await Collector.create({ dir: createTemporaryDir() }));
  await collector.start();
  await postRun(collector.otlpUrl, runDir);
  await collector.stop();
  expect(collector.readRecords()).toEqual([...readRecords(join(runDir, FILE.logs))]);
  expect(collector.readSpans()).toEqual([...readSpans(join(runDir, FILE.traces))]);
});

testWith('jaeger')('Jaeger gives back a trace', MINUTE, async () => {
  const runDir = makeSmallRun(1);
  const jaeger = untilTestEnds(await Jaeger.create());
  await jaeger.start();
  await postRun(jaeger.otlpUrl, runDir, ['traces']);
  const spans = [...readSpans(join(runDir, FILE.traces))];
  const found = await jaeger.readTrace(spans[0]!.traceId);
  expect(found.map(({ spanID, parentSpanID }) => `${spanID} ${parentSpanID}`).toSorted()).toEqual(
    spans.map(({ spanId, parentSpanId }) => `${spanId} ${parentSpanId}`).toSorted(),
  );
  expect(await jaeger.readOtlp(spans[0]!.traceId)).toBeDefined();
  expect(await jaeger.readTrace('f'.repeat(32))).toEqual([]);
  expect(await jaeger.readOtlp('f'.repeat(32))).toBeUndefined();
});

testWith('loki')('Loki gives back more lines than fit in a page, also after a restart', MINUTE, async () => {
  const runDir = makeSmallRun(6000);
  const records = [...readRecords(join(runDir, FILE.logs))];
  const loki = untilTestEnds(await Loki.create({ dir: createTemporaryDir() }));
  await loki.start();
  await postRun(loki.otlpUrl, runDir, ['logs']);
  const toUids = async (): Promise<string[]> => {
    const lines = await loki.query('{service_name="demo"}');
    return lines.map(({ metadata }) => metadata['log_record_uid']!).toSorted();
  };
  const uids = records.map(({ attributes }) => String(attributes['log.record.uid'])).toSorted();
  await waitFor(async () => (await loki.count('{service_name="demo"}')) >= uids.length);
  expect(await toUids()).toEqual(uids);
  await loki.kill();
  await loki.start();
  expect(await toUids()).toEqual(uids);
});
