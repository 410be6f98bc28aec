import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { FILE } from '../../../src/spool/layout.ts';
import { CLI, createEnv, readRun, stagelight } from '../../support/cli.ts';
import type { RecordedRun } from '../../support/cli.ts';
import { testWith } from '../../support/peers.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';

const SEND = fileURLToPath(new URL('programs/send.mjs', import.meta.url));
const FLOOD = fileURLToPath(new URL('programs/flood.mjs', import.meta.url));
const SEND_PY = fileURLToPath(new URL('programs/send.py', import.meta.url));
const TRACED = fileURLToPath(new URL('programs/traced.py', import.meta.url));

function findSpan(run: RecordedRun, name: string) {
  const found = run.spans.filter((span) => span.name === name);
  expect(found, `spans called ${name}`).toHaveLength(1);
  return found[0]!;
}

test.each([
  ['protobuf', {}],
  ['json', {}],
  ['protobuf', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }],
] as const)("what OpenTelemetry's own SDK sends is in the run (%s %o)", async (encoding, env) => {
  const project = createTemporaryDir();
  const result = await stagelight(
    project,
    ['run', '--otlp-receiver', '--', process.execPath, SEND, encoding],
    { env: { ...env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/nowhere' } },
  );
  expect(result.exitCode, result.stderr).toBe(0);
  const run = readRun(project);
  const root = run.spans.find(({ spanId }) => spanId === run.info.rootSpanId)!;

  const load = findSpan(run, 'load');
  expect(load).toMatchObject({
    traceId: run.info.traceId,
    parentSpanId: root.spanId,
    kind: 3,
    isError: true,
    message: 'gone',
    attributes: {
      rows: 7,
      'db.system.name': 'sqlite',
      'mlops.sender.service.name': 'trainer',
      'mlops.sender.team': 'vision',
    },
  });
  expect(load.events.map(({ name, attributes }) => [name, attributes['index']])).toEqual([
    ['row', 1],
  ]);
  expect(findSpan(run, 'child').parentSpanId).toBe(load.spanId);

  // A trace of its own keeps its ID, and the two lead to each other.
  const { foreign } = JSON.parse(result.stdout) as { foreign: string };
  const elsewhere = findSpan(run, 'elsewhere');
  expect(elsewhere).toMatchObject({ traceId: foreign, parentSpanId: undefined });
  expect(findSpan(run, 'deeper')).toMatchObject({
    traceId: foreign,
    parentSpanId: elsewhere.spanId,
  });
  expect(elsewhere.links).toMatchObject([{ traceId: run.info.traceId, spanId: root.spanId }]);
  expect(root.links).toMatchObject([{ traceId: foreign, spanId: elsewhere.spanId }]);

  const [slow] = run.records.filter(({ body }) => body === 'a slow query');
  expect(slow).toMatchObject({
    severity: 13,
    severityText: 'WARN',
    eventName: 'query.slow',
    logger: 'loader',
    spanId: load.spanId,
    traceId: run.info.traceId,
  });
  expect(slow!.attributes).toMatchObject({ ms: 1.5, password: '***' });
  const [other] = run.records.filter(({ body }) => body === 'of another trace');
  expect(other).toMatchObject({ traceId: foreign, spanId: elsewhere.spanId });

  const lines = readFileSync(join(run.runDir, FILE.metrics), 'utf8').trim().split('\n');
  const [envelope] = lines.map((line) => JSON.parse(line) as MetricsEnvelope);
  const [resource] = envelope!.resourceMetrics;
  expect(toText(resource!.resource.attributes, 'service.instance.id')).toBe(run.info.runId);
  const [scope] = resource!.scopeMetrics;
  expect(scope!.scope.name).toBe('loader');
  expect(scope!.metrics[0]).toMatchObject({ name: 'rows', unit: '{row}' });
  expect(lines.join('')).not.toContain('hunter2');

  // The run says how many spans and records it has, these among them.
  const end = run.records.find(({ eventName }) => eventName === 'mlops.run.end')!;
  expect(end.attributes['mlops.telemetry.declared_spans']).toBe(run.spans.length);
  expect(end.attributes['mlops.telemetry.declared_logs']).toBe(run.records.length);
});

interface MetricsEnvelope {
  readonly resourceMetrics: {
    readonly resource: { readonly attributes: KeyValue[] };
    readonly scopeMetrics: { scope: { name: string }; metrics: { name: string }[] }[];
  }[];
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

function toText(attributes: readonly KeyValue[], name: string): string | undefined {
  return attributes.find(({ key }) => key === name)?.value.stringValue;
}

test('what was taken in outlives a kill of stagelight', { timeout: 60_000 }, async () => {
  const project = createTemporaryDir();
  const script = `${process.execPath} ${SEND} protobuf && echo sent && sleep 60`;
  const child = execa(process.execPath, [CLI, 'run', '--otlp-receiver', '--', 'sh', '-c', script], {
    cwd: project,
    extendEnv: false,
    env: createEnv(),
    reject: false,
    buffer: false,
  });
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => (printed += String(bytes)));
  await waitFor(() => printed.includes('sent'));
  child.kill('SIGKILL');
  await child;
  const shown = await stagelight(project, ['show', '--json']);
  expect(shown.exitCode, shown.stderr).toBe(0);
  const run = readRun(project);
  expect(run.info.state).toBe('interrupted');
  for (const name of ['load', 'child', 'elsewhere', 'deeper']) findSpan(run, name);
  expect(run.records.filter(({ body }) => body === 'a slow query')).toHaveLength(1);
  expect(readForeignMetrics(run.runDir)).toHaveLength(1);
});

/** The metrics' lines that aren't the run's own. */
function readForeignMetrics(runDir: string): string[] {
  const lines = readFileSync(join(runDir, FILE.metrics), 'utf8').trim().split('\n');
  return lines.filter((line) => !line.includes('"cicd.pipeline.run.duration"'));
}

test('without the flag nothing is set, and what the user has set passes on', async () => {
  const project = createTemporaryDir();
  const show = 'env | grep -E "^(OTEL_EXPORTER|MLFLOW_TRACE_)" | sort';
  const plain = await stagelight(project, ['run', '--', 'sh', '-c', show]);
  expect(plain.stdout).toBe('');
  const taking = await stagelight(project, ['run', '--otlp-receiver', '--', 'sh', '-c', show]);
  expect(taking.stdout.split('\n').map((line) => line.split('=')[0])).toEqual([
    'MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
  ]);
  // The token is the command's only: it is in no file. (What the command prints of it, this test's is.)
  const token = /x-stagelight-token=(\w+)/.exec(taking.stdout)![1]!;
  expect(readFileSync(join(readRun(project).runDir, FILE.run), 'utf8')).not.toContain(token);
});

test('with nothing sent there is no trace of the receiver', async () => {
  const project = createTemporaryDir();
  const result = await stagelight(project, ['run', '--otlp-receiver', '--', 'true']);
  expect(result.exitCode, result.stderr).toBe(0);
  const run = readRun(project);
  expect(run.spans).toHaveLength(1);
  expect(readForeignMetrics(run.runDir)).toEqual([]);
});

const otlp = process.env['STAGELIGHT_PYTHON_OTLP'];
const python =
  otlp === undefined ? testWith('mlflow', 'STAGELIGHT_PYTHON_OTLP') : testWith('mlflow');

python("what Python's SDK sends is in the run, NaN and large integers too", async () => {
  const project = createTemporaryDir();
  const result = await stagelight(project, ['run', '--otlp-receiver', '--', 'python', SEND_PY], {
    env: { PYTHONPATH: otlp },
  });
  expect(result.exitCode, result.stderr).toBe(0);
  const run = readRun(project);
  const fit = findSpan(run, 'fit');
  expect(fit).toMatchObject({ traceId: run.info.traceId, parentSpanId: run.info.rootSpanId });
  expect(fit.attributes).toMatchObject({ loss: Number.NaN, big: String(2n ** 60n) });
  const epoch = findSpan(run, 'epoch');
  expect(epoch).toMatchObject({ parentSpanId: fit.spanId, isError: true });
  expect(epoch.events[0]!.attributes['exception.type']).toBe('ValueError');
  expect(readFileSync(join(run.runDir, FILE.metrics), 'utf8')).toContain('"name":"epochs"');
});

python("MLflow's traces are in the run, and in MLflow too", { timeout: 240_000 }, async () => {
  const project = createTemporaryDir();
  const env = { PYTHONPATH: otlp, MLFLOW_TRACKING_URI: `sqlite:///${project}/mlflow.db` };
  const result = await stagelight(project, ['run', '--otlp-receiver', '--', 'python', TRACED], {
    env,
  });
  expect(result.exitCode, result.stderr).toBe(0);
  expect(result.stdout).toContain('41');
  expect(result.stdout).toContain('in mlflow: 1 2');
  const run = readRun(project);
  const predict = findSpan(run, 'predict');
  const embed = findSpan(run, 'embed');
  // MLflow doesn't read TRACEPARENT: its trace is its own, and linked.
  expect(predict.traceId).not.toBe(run.info.traceId);
  expect(embed).toMatchObject({ traceId: predict.traceId, parentSpanId: predict.spanId });
  expect(predict.links).toMatchObject([{ traceId: run.info.traceId }]);
  expect(predict.attributes['mlflow.spanType']).toContain('CHAIN');
});

test(
  'a flood of large requests harms neither the command nor the run',
  { timeout: 120_000 },
  async () => {
    const project = createTemporaryDir();
    const result = await stagelight(project, [
      'run',
      '--otlp-receiver',
      '--',
      process.execPath,
      FLOOD,
    ]);
    expect(result.exitCode, result.stderr).toBe(0);
    const { sent, taken } = JSON.parse(result.stdout) as { sent: number; taken: number };
    const run = readRun(project);
    expect(run.info.result).toBe('success');
    // What was answered with 200 is there; what wasn't was asked to come again, or refused.
    expect(run.records.filter(({ logger }) => logger === 'flood')).toHaveLength(taken);
    expect(taken).toBeGreaterThan(0);
    expect(sent).toBeGreaterThan(taken);
  },
);
