import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { StoredRecord } from '../../src/spool/signal-reader.ts';
import { readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { changeParameter, createMlopsProject } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { makeAgentStack } from '../support/servers/agent.ts';
import type { AgentStack } from '../support/servers/agent.ts';
import { toJaegerFacts, toSpanFacts } from '../support/servers/jaeger-facts.ts';
import type { JaegerSpan } from '../support/servers/jaeger.ts';
import type { LokiLine } from '../support/servers/loki.ts';
import { toRows, verify } from '../support/verify.ts';
import { waitFor } from '../support/wait.ts';

const PEERS = ['git', 'dvc', 'mlflow', 'otelcol', 'jaeger', 'loki'];
const test = testWith(...PEERS);
const LONG = { timeout: 300_000 };
const WAIT_MS = 90_000;
const STAGES = [
  'calibrate',
  'evaluate',
  'features@raw',
  'features@scaled',
  'ingest',
  'split',
  'train',
  'tune',
  'validate',
];
const RESULT = 'cicd.pipeline.task.run.result';

let folder: string | undefined;
let project: string;
let stack: AgentStack;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  folder = mkdtempSync(join(tmpdir(), 'stagelight-example-'));
  project = await createMlopsProject(folder);
  stack = await makeAgentStack(folder);
  await Promise.all([stack.collector.start(), stack.jaeger.start(), stack.loki.start()]);
  const config = {
    export: { collector: { endpoint: stack.collector.otlpUrl } },
    verify: {
      jaeger: stack.jaeger.url,
      loki: stack.loki.url,
      files: join(stack.collector.dir, 'runs'),
    },
  };
  writeFileSync(join(project, 'stagelight.yaml'), JSON.stringify(config));
}, 240_000);

afterAll(async () => {
  if (folder === undefined) return;
  await Promise.all([stack.collector.stop(), stack.jaeger.stop(), stack.loki.stop()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

// One project and its runs, one after the other: each builds on what the one before has left.
describe.sequential('a real DVC project behind the Collector, with Jaeger and Loki', () => {
  let first: RecordedRun;
  let trace: JaegerSpan[];

  test('the whole run arrives everywhere, and verify says so', LONG, async () => {
    const { exitCode, stderr } = await stagelight(project, ['run', '--', 'dvc', 'repro']);
    expect(exitCode, stderr).toBe(0);
    first = readRun(project);
    const whole = await verify(project, ['--wait', '60']);
    expect(whole).toMatchObject({ complete: true, exitCode: 0 });
    expect(whole.declared).toEqual({
      logs: first.records.length,
      traces: first.spans.length,
      metrics: 1, // how long it took
    });
    expect(toRows(whole)).toEqual([
      ['files', 'logs', 0, 0],
      ['files', 'traces', 0, 0],
      ['files', 'metrics', 0, 0],
      ['jaeger', 'traces', 0, 0],
      ['loki', 'logs', 0, 0],
    ]);
  });

  test('Jaeger has each stage below the run, with its result and its times', async () => {
    trace = await stack.jaeger.readTrace(first.info.runId);
    expect(trace.map(toJaegerFacts).toSorted()).toEqual(first.spans.map(toSpanFacts).toSorted());
    const [root, ...others] = trace.filter(({ parentSpanID }) => parentSpanID === undefined);
    expect(others).toEqual([]);
    expect(root).toMatchObject({
      operationName: 'RUN project',
      tags: { 'cicd.pipeline.result': 'success' },
    });
    const stages = trace.filter(({ tags }) => 'dvc.stage.name' in tags);
    expect(stages.map(({ operationName }) => operationName).toSorted()).toEqual(STAGES);
    for (const { parentSpanID, tags, startTime, duration } of stages) {
      expect(parentSpanID).toBe(root!.spanID);
      expect(tags[RESULT]).toBe('success');
      expect(duration).toBeGreaterThan(100_000);
      expect(startTime).toBeGreaterThanOrEqual(root!.startTime);
      expect(startTime + duration).toBeLessThanOrEqual(root!.startTime + root!.duration);
    }
  });

  test('Jaeger has each trial below the study of its stage, with its state and value', () => {
    const tune = trace.find(({ operationName }) => operationName === 'tune')!;
    const studies = trace.filter(({ operationName }) => operationName === 'study');
    const study = studies.find(({ parentSpanID }) => isBelow(parentSpanID, tune.spanID, trace))!;
    const trials = trace
      .filter(({ parentSpanID }) => parentSpanID === study.spanID)
      .toSorted((a, b) => toNumber(a) - toNumber(b));
    expect(
      trials.map(({ tags }) => [tags['optuna.trial.number'], tags['optuna.trial.state']]),
    ).toEqual([
      [0, 'COMPLETE'],
      [1, 'COMPLETE'],
      [2, 'COMPLETE'],
      [3, 'COMPLETE'],
      [4, 'PRUNED'],
      [5, 'COMPLETE'],
      [6, 'FAIL'],
      [7, 'PRUNED'],
    ]);
    expect(trials[0]!.tags['optuna.trial.value']).toBeCloseTo(0.982, 3);
    expect(trials[6]!.tags['error.type']).toBe('ValueError');
    expect(trace.filter(({ operationName }) => operationName === 'trial')).toHaveLength(8 + 6);
  });

  test('Loki has the records by stage and by level', async () => {
    const run = `service_instance_id="${first.info.runId}"`;
    const from = BigInt(first.info.startedAt);
    const ask = async (query: string): Promise<LokiLine[]> => stack.loki.query(query, { from });
    for (const stage of STAGES) {
      const found = await ask(`{${run}, cicd_pipeline_task_name="${stage}"}`);
      expect(toLineUids(found)).toEqual(
        toUids(first.records.filter((record) => toStage(record) === stage)),
      );
    }
    const levels = { info: [9, 12], warn: [13, 16], error: [17, 20] } as const;
    for (const [level, [from, to]] of Object.entries(levels)) {
      const found = await ask(`{${run}} | level="${level}"`);
      const own = first.records.filter(({ severity }) => severity >= from && severity <= to);
      expect(toLineUids(found)).toEqual(toUids(own));
    }
    const [skew] = await ask(
      `{${run}, cicd_pipeline_task_name="validate"} | level="warn" |= "area_error has a skew"`,
    );
    const validate = trace.find(({ operationName }) => operationName === 'validate')!;
    expect(skew!.metadata['trace_id']).toBe(first.info.runId);
    expect(isBelow(skew!.metadata['span_id'], validate.spanID, trace)).toBe(true);
  });

  test("the Collector's files are the run's own", () => {
    const files = `runs/${first.info.runId}`;
    expect(stack.collector.readRecords(files)).toEqual(first.records);
    expect(stack.collector.readSpans(files)).toEqual(first.spans);
  });

  test(
    'Jaeger down, and the Collector killed in the middle: files and Loki go on, Jaeger catches up',
    LONG,
    async () => {
      changeParameter(project, 'n_trials: 8', 'n_trials: 9');
      await stack.jaeger.stop();
      const running = stagelight(project, ['run', '--', 'dvc', 'repro']);
      let shown = '';
      running.stderr.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await waitFor(() => shown.includes('Trial 1 finished'), WAIT_MS);
      await stack.collector.kill();
      await stack.collector.start();
      expect((await running).exitCode).toBe(0);
      const run = readRun(project);

      const meanwhile = await verify(project, ['--wait', '10']);
      expect(meanwhile).toMatchObject({ complete: false, exitCode: 1 });
      expect(meanwhile.stores.find(({ kind }) => kind === 'jaeger')).toMatchObject({
        fault: expect.stringContaining('ECONNREFUSED') as string,
      });
      expect(meanwhile.stores.find(({ kind }) => kind === 'loki')).toMatchObject({
        missing: 0,
        doubled: 0,
      });

      await stack.jaeger.start();
      const toFacts = async (): Promise<string[]> =>
        (await stack.jaeger.readTrace(run.info.runId)).map(toJaegerFacts).toSorted();
      await waitFor(async () => (await toFacts()).length >= run.spans.length, WAIT_MS);
      expect(await toFacts()).toEqual(run.spans.map(toSpanFacts).toSorted());
      // The files' last 50 ms went with the Collector: where something was in them it is sent again.
      await verify(project, ['--repair', '--wait', '1']);
      expect(await verify(project, ['--wait', '30'])).toMatchObject({
        complete: true,
        exitCode: 0,
      });
    },
  );

  test('what Jaeger lost meanwhile of the first run is named, and mended by --repair', async () => {
    const { runId } = first.info;
    const lost = await verify(project, [runId, '--wait', '0']);
    expect(lost).toMatchObject({ complete: false, exitCode: 1 });
    expect(lost.stores.filter(({ missing }) => missing > 0)).toEqual([
      expect.objectContaining({
        kind: 'jaeger',
        received: 0,
        missing: first.spans.length,
        cause: expect.stringContaining('memory') as string,
      }),
    ]);
    const { repaired } = await verify(project, [runId, '--repair', '--wait', '0']);
    expect(repaired).toEqual({ sentCount: first.spans.length, problems: [] });
    expect(await verify(project, [runId, '--wait', '30'])).toMatchObject({ exitCode: 0 });
    const found = await stack.jaeger.readTrace(runId);
    expect(found.map(toJaegerFacts).toSorted()).toEqual(first.spans.map(toSpanFacts).toSorted());
  });
});

/** Whether a span is another one, or somewhere below it. */
function isBelow(spanId: string | undefined, upper: string, trace: readonly JaegerSpan[]): boolean {
  if (spanId === undefined || spanId === upper) return spanId !== undefined;
  const found = trace.find(({ spanID }) => spanID === spanId);
  return isBelow(found?.parentSpanID, upper, trace);
}

function toNumber({ tags }: JaegerSpan): number {
  return Number(tags['optuna.trial.number']);
}

function toStage({ attributes }: StoredRecord): unknown {
  return attributes['cicd.pipeline.task.name'];
}

function toLineUids(lines: readonly LokiLine[]): string[] {
  return lines.map(({ metadata }) => String(metadata['log_record_uid'])).toSorted();
}

function toUids(records: readonly StoredRecord[]): string[] {
  return records.map(({ attributes }) => String(attributes['log.record.uid'])).toSorted();
}
