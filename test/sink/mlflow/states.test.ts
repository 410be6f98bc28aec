import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import type { OpenedRun } from '../../../src/view/open-run.ts';
import { stagelight } from '../../support/cli.ts';
import { createMlflow, deliver, openRunFor } from '../../support/deliver.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { findRuns, readState } from '../../support/mlflow-state.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { at, makeRun } from '../../view/support/make-run.ts';
import type { MakeRunOptions } from '../../view/support/make-run.ts';

const test = testWith('mlflow');
const LONG = { timeout: 120_000 };

let server: MlflowServer;

beforeAll(async () => {
  if (findProgram('mlflow') === undefined) return;
  server = await startMlflowServer();
}, 180_000);

afterAll(async () => server?.close());

const make = (options: Omit<MakeRunOptions, 'home'> = {}): OpenedRun =>
  makeRun({ home: createTemporaryDir(), ...options });

const open = (run: OpenedRun, config = {}, env = {}) =>
  openRunFor(createMlflow({ MLFLOW_TRACKING_URI: server.url, ...env }, config), run.runDir);

const toHome = ({ runDir }: OpenedRun): string => runDir.replace(/\/runs\/.*/, '');

/** A stage with a study of two trials. */
const study: MakeRunOptions['entries'] = (run) => [
  run.startStage('tune', 100),
  ...run.study('search', { stage: 'tune', fromMs: 200, values: [0.5, 0.25] }),
  run.endStage('tune', 5000, { attributes: { 'dvc.stage.outcome': 'ran' } }),
];

test('a run whose process was killed is KILLED, with what it got done', LONG, async () => {
  const run = make({
    isAbandoned: true,
    entries: (entry) => [
      ...entry.stage('ingest', [0, 4000]),
      entry.startStage('train', 4000),
      entry.log(4500, 'epoch 1', { span: entry.stageId('train') }),
    ],
  });
  const { exitCode, stdout, stderr } = await stagelight(
    createTemporaryDir(),
    ['push', '--all', '--to', 'mlflow'],
    { env: { MLFLOW_TRACKING_URI: server.url, STAGELIGHT_DIR: toHome(run) } },
  );
  expect(exitCode, stdout + stderr).toBe(0);
  const { runs, trace } = await readState(server, run.info.runId);
  expect(runs).toMatchObject([
    {
      status: 'KILLED',
      tags: {
        'stagelight.error_type': 'interrupted',
        'stagelight.stage.ingest': 'ran',
        'stagelight.stage.train': 'error',
      },
    },
  ]);
  expect(trace?.state).toBe('ERROR');
});

test('a run that was cancelled is KILLED, one that failed is FAILED', LONG, async () => {
  const states = await Promise.all(
    (['cancellation', 'failure'] as const).map(async (result) => {
      const run = make({
        result: result as 'failure',
        entries: (entry) => [
          entry.startStage('train', 10),
          entry.endStage('train', 5000, { result }),
        ],
      });
      await deliver(open(run));
      return readState(server, run.info.runId);
    }),
  );
  expect(states.map(({ runs, trace }) => [runs[0], trace?.state])).toMatchObject([
    [{ status: 'KILLED' }, 'OK'],
    [{ status: 'FAILED' }, 'ERROR'],
  ]);
});

test(
  'what is beyond the limits of MLflow is cut or split, and the run names what was cut',
  LONG,
  async () => {
    const params = Object.fromEntries(
      Array.from({ length: 230 }, (_, index) => [`dvc.param.p${index}`, index]),
    );
    const run = make({
      entries: (entry) => [
        entry.startStage('sub#1', 0),
        ...Array.from({ length: 2500 }, (_, step) => ({
          type: 'metric' as const,
          time: at(10 + step),
          name: 'loss%',
          value: step,
          step,
          span: entry.stageId('sub#1'),
        })),
        entry.endStage('sub#1', 5000, {
          attributes: { 'dvc.stage.outcome': 'ran', ...params, 'dvc.param.text': 'x'.repeat(7000) },
        }),
        ...Array.from({ length: 120 }, (_, index) =>
          entry.stage(`s${index}`, [5000 + index, 5001 + index]),
        ).flat(),
      ],
    });
    const delivery = open(run);
    expect((await deliver(delivery)).at(-1)).toEqual({ type: 'done' });
    expect(delivery.status().refusedCount).toBe(0);
    const [parent] = await findRuns(server, run.info.runId);
    expect(Object.keys(parent!.params)).toHaveLength(231);
    expect(parent!.params['text']).toHaveLength(6000);
    expect(parent!.metrics).toEqual({ 'dvc/loss_': 2499 });
    expect(parent!.tags).toMatchObject({
      'stagelight.stage.sub_1': 'ran',
      'stagelight.stage.s119': 'ran',
    });
    for (const cut of ['text is cut from 7000 characters', '"dvc/loss%" is dvc/loss_', 'sub#1'])
      expect(parent!.tags['stagelight.cut']).toContain(cut);
    const { histories } = await readState(server, run.info.runId, 'dvc/loss_');
    expect(histories['demo']).toHaveLength(2500);
  },
);

test('with stage_runs each stage that ran has a run, and trials lie in it', LONG, async () => {
  const run = make({
    entries: (entry) => [
      ...entry.skip('ingest', 0),
      ...study(entry),
      ...entry.stage('end', [5000, 6000]),
    ],
  });
  await deliver(open(run, { stage_runs: true }));
  const again = open(run, { stage_runs: true });
  again.restart();
  await deliver(again);
  const { runs } = await readState(server, run.info.runId);
  expect(runs).toMatchObject([
    { name: 'demo', tags: { 'stagelight.kind': 'pipeline' } },
    { name: 'end', parent: 'demo', status: 'FINISHED', tags: { 'stagelight.kind': 'stage' } },
    { name: 'search trial 0', parent: 'tune', tags: { 'stagelight.kind': 'trial' } },
    { name: 'search trial 1', parent: 'tune' },
    { name: 'tune', parent: 'demo', status: 'FINISHED' },
  ]);
});

test.each([
  [{ experiment: 'configured' }, { MLFLOW_EXPERIMENT_NAME: 'by name' }, 'configured'],
  [{}, { MLFLOW_EXPERIMENT_NAME: 'by name' }, 'by name'],
  [{}, {}, 'demo'],
] as const)('the experiment with %j and %j is %s', LONG, async (config, env, name) => {
  const run = make({ entries: (entry) => entry.stage('train', [0, 4000]) });
  await deliver(open(run, config, env));
  const [parent] = await findRuns(server, run.info.runId);
  const experiment = await server.api.getExperiment(parent!.experimentId);
  expect(experiment?.name).toBe(name);
});

describe('where it is refused until somebody changes something', () => {
  test.each([
    [401, 'in the way', 'set MLFLOW_TRACKING_USERNAME'],
    [403, 'Invalid Host header - possible DNS rebinding attack detected', '--allowed-hosts'],
    [403, 'forbidden', 'EDIT on the experiment'],
  ])(
    'by %i (%s), it says what, and goes on when that is done',
    LONG,
    async (status, body, said) => {
      const proxy = await startFaultProxy(server.url);
      onTestFinished(() => proxy.close());
      const run = make({ entries: study });
      let left = 6;
      proxy.fault = () => (left-- > 0 ? undefined : { status, body });
      const destination = createMlflow({ MLFLOW_TRACKING_URI: proxy.url });
      const delivery = openRunFor(destination, run.runDir);
      expect((await deliver(delivery)).at(-1)).toMatchObject({
        type: 'blocked',
        reason: expect.stringContaining(said),
      });
      proxy.fault = () => undefined;
      expect((await deliver(delivery)).at(-1)).toEqual({ type: 'done' });
      const { runs, trace } = await readState(server, run.info.runId);
      expect(runs).toMatchObject([
        { name: 'demo', status: 'FINISHED' },
        { name: 'search trial 0', status: 'FINISHED' },
        { name: 'search trial 1', status: 'FINISHED' },
      ]);
      expect(trace?.state).toBe('OK');
    },
  );
});

test('a server that takes no traces gets all else, and it is said once', LONG, async () => {
  const proxy = await startFaultProxy(server.url);
  onTestFinished(() => proxy.close());
  proxy.fault = ({ url }) => (url === '/v1/traces' ? { status: 404, body: '<html>' } : undefined);
  const run = make({ entries: study });
  const delivery = openRunFor(createMlflow({ MLFLOW_TRACKING_URI: proxy.url }), run.runDir);
  expect((await deliver(delivery)).at(-1)).toEqual({ type: 'done' });
  expect(delivery.status().notes!.filter((note) => note.includes('takes no traces'))).toEqual([
    expect.stringContaining('MLflow 3.6 or later'),
  ]);
  const { runs, artifacts, trace } = await readState(server, run.info.runId);
  expect([runs.length, trace]).toEqual([3, undefined]);
  expect(artifacts).toContain('logs/run.log');
});

test('show and logs print the pages of the run and, when asked, of its trials', LONG, async () => {
  const run = make({ entries: study });
  await deliver(open(run));
  const shown = await stagelight(createTemporaryDir(), ['show', '--links', run.info.runId], {
    env: { STAGELIGHT_DIR: toHome(run) },
  });
  const [parent, ...trials] = await findRuns(server, run.info.runId);
  const toPage = ({ experimentId, runId }: { experimentId: string; runId: string }) =>
    `${server.url}/#/experiments/${experimentId}/runs/${runId}`;
  expect(shown.stdout).toContain(`mlflow   ${toPage(parent!)}`);
  for (const trial of trials) expect(shown.stdout).toContain(`${trial.name}  ${toPage(trial)}`);
  expect(trials).toHaveLength(2);
  const readLogs = async (...args: string[]) => {
    const env = { STAGELIGHT_DIR: toHome(run) };
    const { stdout } = await stagelight(createTemporaryDir(), ['logs', run.info.runId, ...args], {
      env,
    });
    return stdout.split('\n\n');
  };
  const [links, ...records] = await readLogs('--links');
  expect(links!.match(/http\S+/g)).toEqual([parent!, ...trials].map(toPage));
  expect(records).toEqual(await readLogs());
  expect((await readLogs('--trial', '1', '--links'))[0]!.trimEnd()).toBe(
    `mlflow\n  search trial 1  ${toPage(trials[1]!)}`,
  );
  expect((await readLogs('--stage', 'nowhere*', '--links'))[0]).not.toContain('http');
});

describe('verify', () => {
  const verify = async (run: OpenedRun) => {
    const { stdout, stderr, exitCode } = await stagelight(
      createTemporaryDir(),
      ['verify', run.info.runId, '--json'],
      { env: { MLFLOW_TRACKING_URI: server.url, STAGELIGHT_DIR: toHome(run) } },
    );
    if (stdout === '') throw new Error(stderr);
    return {
      exitCode,
      ...(JSON.parse(stdout) as { mlflow: { findings: { kind: string; text: string }[] } }),
    };
  };
  /** A run in MLflow beside ours, with some tags. */
  const makeOther = async (name: string, of: OpenedRun, tags: Record<string, string>) => {
    const [parent] = await findRuns(server, of.info.runId);
    const startMs = parent!.startMs + 500;
    return server.api.createRun({ experimentId: parent!.experimentId, name, startMs, tags });
  };

  test('of a run that is there as it is finds nothing', LONG, async () => {
    const run = make({ entries: study });
    await deliver(open(run, { experiment: 'verified' }));
    expect(await verify(run)).toMatchObject({
      exitCode: 0,
      complete: true,
      ids: expect.arrayContaining([
        expect.objectContaining({
          tool: 'mlflow',
          carries: 'yes',
          detail: 'stagelight.run_id on 3 runs, 0 of them your own',
        }),
      ]),
      mlflow: { trialCount: 2, userRunCount: 0, findings: [] },
    });
  });

  test('finds what is missing, what differs, and what lies beside', LONG, async () => {
    const run = make({ entries: study });
    await deliver(open(run, { experiment: 'disturbed' }));
    const [parent, ...trials] = await findRuns(server, run.info.runId);
    await server.api.deleteRun(trials[0]!.runId);
    const metrics = [{ key: 'dvc/value', value: 0.75, timeMs: trials[1]!.startMs, step: 1 }];
    await server.api.logBatch(trials[1]!.runId, { metrics });
    await server.api.endRun({
      runId: trials[1]!.runId,
      status: 'FINISHED',
      endMs: trials[1]!.startMs + 60_000,
    });
    await server.api.setTag(parent!.runId, ['stagelight.stage.tune', 'failed']);
    await makeOther('loose', run, {});
    await makeOther('stranger', run, {
      'mlflow.parentRunId': parent!.runId,
      'stagelight.run_id': '12'.repeat(16),
    });
    const { exitCode, mlflow } = await verify(run);
    expect(exitCode).toBe(1);
    const texts = mlflow.findings.map(({ kind, text }) => `${kind}: ${text}`).toSorted();
    expect(texts).toMatchObject([
      expect.stringMatching(/^differs: search trial 1: dvc\/value is 0.75, not 0.25/),
      expect.stringMatching(/^differs: .*stagelight\.stage\.tune is failed, not ran/),
      expect.stringMatching(/^duration: search trial 1 took .*, its run says 60.0 s/),
      expect.stringMatching(/^foreign: run 'stranger'/),
      expect.stringMatching(/^missing: search trial 0 has no run/),
      expect.stringMatching(/^untied: run 'loose'/),
    ]);
  });
});
