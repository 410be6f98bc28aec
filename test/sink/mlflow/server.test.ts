import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { toTrialSpanId } from '../../../src/model/ids.ts';
import type { InboxEntry } from '../../../src/model/inbox.ts';
import type { OpenedRun } from '../../../src/view/open-run.ts';
import { CLI, createEnv, stagelight } from '../../support/cli.ts';
import { createMlflow, deliver, openRunFor } from '../../support/deliver.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import type { Fault, FaultProxy } from '../../support/fault-proxy.ts';
import { readState } from '../../support/mlflow-state.ts';
import type { MlflowState } from '../../support/mlflow-state.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { AGENT, Collector } from '../../support/servers/collector.ts';
import { startSink } from '../../support/sink.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { at, makeRun } from '../../view/support/make-run.ts';

const test = testWith('mlflow');
const LONG = { timeout: 120_000 };

let server: MlflowServer;
/** What MLflow holds of the run when nothing goes wrong. */
let whole: MlflowState;

beforeAll(async () => {
  if (findProgram('mlflow') === undefined) return;
  server = await startMlflowServer();
}, 180_000);

afterAll(async () => server?.close());

/** A stage with a study of trials with steps, a skipped stage, a stage with metrics of a file, and lines. */
function makeStudyRun(home = createTemporaryDir()): OpenedRun {
  return makeRun({
    home,
    endMs: 9500,
    entries: (run) =>
      inOrder([
        ...run.skip('ingest', 10, {
          'dvc.stage.produced_by': 'ab'.repeat(16),
          'dvc.outs': ['data.csv 0123456789abcdef0123456789abcdef 12'],
        }),
        run.startStage('tune', 100),
        ...Array.from({ length: 40 }, (_, index) =>
          run.log(150 + index, `line ${index}`, { span: run.stageId('tune') }),
        ),
        ...run.study('search', {
          stage: 'tune',
          fromMs: 200,
          values: [0.5, undefined, 0.25, 0.75],
        }),
        ...[0, 1, 2, 3].flatMap((number) =>
          [0, 1, 2].map((step) => ({
            type: 'metric' as const,
            time: at(200 + number),
            name: 'loss',
            value: 1 / (1 + number + step),
            step,
            span: toTrialSpanId(run.stageId('tune'), 'search', number),
          })),
        ),
        run.endStage('tune', 5000, {
          attributes: { 'dvc.stage.outcome': 'ran', 'dvc.param.tune.n': 4 },
        }),
        ...run.stage('evaluate', [5000, 9000]),
        {
          type: 'metric',
          time: at(8900),
          name: 'accuracy',
          value: 0.9,
          span: run.stageId('evaluate'),
        },
      ]),
  });
}

function inOrder(entries: InboxEntry[]): InboxEntry[] {
  return entries.toSorted((a, b) => Number(BigInt(a.time) - BigInt(b.time)));
}

test('a run is written as it is', LONG, async () => {
  const run = makeStudyRun();
  await deliver(openRunFor(createMlflow({ MLFLOW_TRACKING_URI: server.url }), run.runDir));
  whole = await readState(server, run.info.runId);
  expect(whole.runs).toHaveLength(5);
  expect(whole.runs).toMatchObject([
    {
      name: 'demo',
      status: 'FINISHED',
      params: { 'tune.n': '4' },
      metrics: { 'dvc/accuracy': 0.9 },
    },
    { name: 'search trial 0', status: 'FINISHED', parent: 'demo' },
    { name: 'search trial 1', status: 'KILLED', parent: 'demo' },
    { name: 'search trial 2', status: 'FINISHED', parent: 'demo' },
    { name: 'search trial 3', status: 'FINISHED', parent: 'demo' },
  ]);
  expect(whole.histories['search trial 1']).toEqual([
    [0, 1 / 2],
    [1, 1 / 3],
    [2, 1 / 4],
  ]);
  expect(whole.artifacts).toEqual([
    'logs/run.log',
    'logs/tune.log',
    'otlp/logs.jsonl',
    'otlp/metrics.jsonl',
    'otlp/traces.jsonl',
  ]);
  expect(whole.trace?.state).toBe('OK');
});

test('sent again it is the same as once', LONG, async () => {
  const run = makeStudyRun();
  const open = () => openRunFor(createMlflow({ MLFLOW_TRACKING_URI: server.url }), run.runDir);
  await deliver(open());
  const again = open();
  again.restart();
  expect((await deliver(again)).at(-1)).toEqual({ type: 'done' });
  expect(await readState(server, run.info.runId)).toEqual(whole);
});

describe('with a network and a server that fail', () => {
  const FAULTS: [string, Fault][] = [
    ['are answered with 500', { status: 500 }],
    ['are answered with 429', { status: 429, headers: { 'retry-after': '0' } }],
    ['hang', 'hang'],
    ['are done, and their answer is lost', 'lose-answer'],
  ];

  test.each(FAULTS)(
    'requests that %s leave nothing undone and nothing doubled',
    LONG,
    async (_, fault) => {
      const { proxy, run, open } = await setUp();
      // Wherever that falls; more often where nothing has to be waited for.
      const every = fault === 'hang' || toStatus(fault) === 500 ? 15 : 6;
      proxy.fault = (_request, index) => (index % every === 3 ? fault : undefined);
      const outcomes = await deliver(open({ request_timeout: 1 }), 40);
      expect(outcomes.at(-1)).toEqual({ type: 'done' });
      expect(await readState(server, run.info.runId)).toEqual(whole);
    },
  );

  test('a process that is killed at any point is followed by one that goes on', LONG, async () => {
    const { proxy, run } = await setUp();
    const home = run.runDir.replace(/\/runs\/.*/, '');
    const env = createEnv({ MLFLOW_TRACKING_URI: proxy.url, STAGELIGHT_DIR: home });
    const push = () => spawn(process.execPath, [CLI, 'push', '--all', '--to', 'mlflow'], { env });
    for (const dieAt of [3, 5, 8, 12, 17]) {
      const from = proxy.requests.length;
      const child = push();
      const ended = once(child, 'exit');
      proxy.fault = (_request, index) => {
        if (index - from === dieAt) child.kill('SIGKILL');
        return undefined;
      };
      await ended;
    }
    proxy.fault = () => undefined;
    const [code] = (await once(push(), 'exit')) as [number];
    expect(code).toBe(0);
    expect(await readState(server, run.info.runId)).toEqual(whole);
  });

  test(
    'a server that is down is waited for, and one that was restarted gets the rest',
    LONG,
    async () => {
      const { proxy, run, open } = await setUp();
      let isDown = true;
      proxy.fault = () => (isDown ? { status: 503 } : undefined);
      const delivery = open();
      const first = await deliver(delivery);
      expect(first.at(-1)).toMatchObject({ type: 'wait' });
      isDown = false;
      let left = 12;
      proxy.fault = () => (left-- > 0 ? undefined : { status: 503 });
      await sleep(1100);
      expect((await deliver(delivery)).at(-1)).toMatchObject({ type: 'wait' });
      await server.stop();
      await server.start();
      proxy.fault = () => undefined;
      expect((await deliver(delivery, 20)).at(-1)).toEqual({ type: 'done' });
      expect(await readState(server, run.info.runId)).toEqual(whole);
    },
  );
});

test('of two who have a run one writes it, and the other waits', LONG, async () => {
  const run = makeStudyRun();
  const settings = { MLFLOW_TRACKING_URI: server.url };
  const elsewhere = `${createTemporaryDir()}/runs/${run.info.runId}`;
  cpSync(run.runDir, elsewhere, { recursive: true });
  const first = openRunFor(createMlflow(settings), run.runDir);
  const second = openRunFor(createMlflow(settings), elsewhere);
  const never = new AbortController().signal;
  expect((await first.step(never)).type).toBe('sent');
  expect((await deliver(second)).at(-1)).toMatchObject({
    type: 'wait',
    reason: 'another process writes this run',
  });
  expect((await deliver(first)).at(-1)).toEqual({ type: 'done' });
  expect(await readState(server, run.info.runId)).toEqual(whole);
});

testWith('mlflow', 'otelcol')(
  'through the real Collector and the sink MLflow gets the same as from the run itself',
  LONG,
  async () => {
    const dir = createTemporaryDir();
    const sink = await startSink({ dir: `${dir}/sink`, tracking: server.url });
    const collector = await Collector.create({
      dir,
      configs: [AGENT],
      env: {
        STAGELIGHT_TO_JAEGER: 'nop',
        STAGELIGHT_TO_LOKI: 'nop',
        STAGELIGHT_TO_TEMPO: 'nop',
        STAGELIGHT_TO_MLFLOW: 'otlp_http/stagelight_mlflow',
        STAGELIGHT_MLFLOW_SINK_ENDPOINT: sink.url,
      },
    });
    await collector.start();
    onTestFinished(() => collector.stop());
    const run = makeStudyRun();
    const home = run.runDir.replace(/\/runs\/.*/, '');
    const { exitCode, stderr } = await stagelight(dir, ['push', '--all'], {
      env: { STAGELIGHT_DIR: home, STAGELIGHT_OTLP_ENDPOINT: collector.otlpUrl },
    });
    expect(exitCode, stderr).toBe(0);
    // Metrics have a queue of their own, and may come when all else is written.
    await expect
      .poll(async () => readState(server, run.info.runId), { timeout: 60_000, interval: 250 })
      .toEqual(whole);
  },
);

function toStatus(fault: Fault): number | undefined {
  return typeof fault === 'object' ? fault.status : undefined;
}

async function setUp(): Promise<{
  proxy: FaultProxy;
  run: OpenedRun;
  open: (config?: object) => ReturnType<typeof openRunFor>;
}> {
  const proxy = await startFaultProxy(server.url);
  onTestFinished(() => proxy.close());
  const run = makeStudyRun();
  return {
    proxy,
    run,
    open: (config = {}) =>
      openRunFor(createMlflow({ MLFLOW_TRACKING_URI: proxy.url }, config), run.runDir),
  };
}
