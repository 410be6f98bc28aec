import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { toUnixMs } from '../../../src/model/time.ts';
import type { MlflowRun } from '../../../src/sink/mlflow/api.ts';
import { createEnv, readRun, stagelight } from '../../support/cli.ts';
import type { RecordedRun } from '../../support/cli.ts';
import { changeParameter, createMlopsProject, runIn } from '../../support/mlops-project.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';

const PEERS = ['git', 'dvc', 'mlflow'];
const test = testWith(...PEERS);

let folder: string;
let project: string;
let server: MlflowServer;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  folder = mkdtempSync(join(tmpdir(), 'stagelight-mlflow-project-'));
  [project, server] = await Promise.all([createMlopsProject(folder), startMlflowServer()]);
}, 180_000);

afterAll(async () => {
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const run = async (...args: string[]) => {
  const env = { MLFLOW_TRACKING_URI: server.url };
  return stagelight(
    project,
    ['run', 'run.flush_timeout=60', 'mlflow.start_timeout=60', '--', ...args],
    { env },
  );
};

/** All runs that belong to a run, by their ID. */
async function findRuns(runId: string): Promise<MlflowRun[]> {
  const experiments = await server.api.listExperiments();
  const runs: MlflowRun[] = [];
  const search = {
    experimentIds: experiments.map(({ experimentId }) => experimentId),
    filter: `tags.\`stagelight.run_id\` = '${runId}'`,
  };
  for await (const found of server.api.searchRuns(search)) runs.push(found);
  return runs;
}

/** What the official client says, as JSON. */
async function askClient(code: string): Promise<unknown> {
  const program = `import json, mlflow\nfrom mlflow import MlflowClient\nclient = MlflowClient()\n${code}`;
  const python = findProgram('mlflow')!.replace(/mlflow$/, 'python');
  const { stdout } = await execa(python, ['-c', program], {
    extendEnv: false,
    env: createEnv({ MLFLOW_TRACKING_URI: server.url }),
  });
  return JSON.parse(stdout);
}

// One project and its runs, one after the other: each builds on what the one before has left.
describe.sequential('a real pipeline, on a real MLflow server', () => {
  let recorded: RecordedRun;
  let runs: MlflowRun[];
  let parent: MlflowRun;

  test(
    'is one run in MLflow, with the ID of the run and of its trace',
    { timeout: 240_000 },
    async () => {
      const result = await run('dvc', 'repro');
      expect(result.exitCode, result.stderr).toBe(0);
      expect(result.stderr).toContain('sent to mlflow');
      recorded = readRun(project);
      expect(recorded.spans[0]?.traceId).toBe(recorded.info.runId);
      runs = await findRuns(recorded.info.runId);
      parent = runs.find(({ runId }) => runId === recorded.info.runId)!;
      expect(parent).toMatchObject({
        name: 'project',
        status: 'FINISHED',
        startMs: Math.floor(Number(BigInt(recorded.info.startedAt) / 1_000_000n)),
        endMs: Math.floor(Number(BigInt(recorded.info.endedAt!) / 1_000_000n)),
        tags: {
          'stagelight.kind': 'pipeline',
          'stagelight.result': 'success',
          'stagelight.run_id': recorded.info.runId,
          'mlflow.source.name': 'dvc repro',
          'mlflow.source.git.commit': recorded.info.git!.revision,
          'stagelight.stage.train': 'ran',
        },
      });
      expect(parent.tags).not.toHaveProperty('stagelight.lease');
    },
  );

  test("every run that the user's code made is inside it, nested or not", () => {
    const users = runs.filter(({ tags }) => tags['stagelight.kind'] === undefined);
    const names = users.map(({ name }) => name).toSorted();
    const trials = Array.from({ length: 8 }, (_, number) => `trial-${number}`);
    expect(names).toEqual(['train', ...trials, 'tune']);
    const tune = users.find(({ name }) => name === 'tune')!;
    for (const { name, tags } of users) {
      const parentId = name.startsWith('trial') ? tune.runId : parent.runId;
      expect(tags['mlflow.parentRunId']).toBe(parentId);
    }
  });

  test("a trial with the user's own run is joined with it, and has none of ours", () => {
    const trials = recorded.spans.filter(
      ({ name, attributes }) => name === 'trial' && attributes['optuna.study.name'] === 'tune',
    );
    for (const trial of trials) {
      const number = String(trial.attributes['optuna.trial.number']);
      const own = runs.filter(({ tags }) => tags['stagelight.span_id'] === trial.spanId);
      expect(own.map(({ name }) => name)).toEqual([`trial-${number}`]);
      expect(own[0]!.tags).toMatchObject({
        'stagelight.trial': number,
        'stagelight.study': 'tune',
        'stagelight.trial_state': trial.attributes['optuna.trial.state'],
      });
      // As the user's code left it: a pruned trial's run ends by an exception.
      const isComplete = trial.attributes['optuna.trial.state'] === 'COMPLETE';
      expect(own[0]!.status).toBe(isComplete ? 'FINISHED' : 'FAILED');
    }
  });

  test('a trial without one gets one, with its parameters, value and true times', () => {
    const trials = recorded.spans.filter(
      ({ name, attributes }) => name === 'trial' && attributes['optuna.study.name'] === 'calibrate',
    );
    const ours = runs.filter(({ tags }) => tags['stagelight.kind'] === 'trial');
    expect(ours).toHaveLength(trials.length);
    for (const trial of trials) {
      const own = ours.find(({ tags }) => tags['stagelight.span_id'] === trial.spanId)!;
      expect(own).toMatchObject({
        status: 'FINISHED',
        startMs: Math.floor(toUnixMs(trial.start)),
        endMs: Math.floor(toUnixMs(trial.end)),
        metrics: { 'dvc/value': trial.attributes['optuna.trial.value'] },
        params: { threshold: String(trial.attributes['optuna.trial.param.threshold']) },
        tags: {
          'mlflow.parentRunId': parent.runId,
          'stagelight.stage': 'calibrate',
          'stagelight.trial': String(trial.attributes['optuna.trial.number']),
        },
      });
    }
  });

  test("it has DVC's parameters and metrics, and what became of every stage", () => {
    const metrics = JSON.parse(readFileSync(join(project, 'metrics.json'), 'utf8')) as object;
    expect(parent.metrics).toEqual(
      Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`dvc/${name}`, value])),
    );
    expect(parent.params).toMatchObject({
      'train.epochs': '25',
      'tune.n_trials': '8',
      'configs/features/scaled.yaml:standardize': 'True',
    });
    expect(parent.tags['stagelight.stage.features:raw']).toBe('ran');
    expect(parent.tags['stagelight.stage.evaluate.outs']).toMatch(/^metrics\.json [0-9a-f]{32} /m);
  });

  test('its logs are artifacts, equal to what the run directory has', async () => {
    const read = async (path: string): Promise<string> => {
      const root = parent.artifactUri.replace('mlflow-artifacts:/', '');
      const url = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${root}/${path}`;
      return (await fetch(url)).text();
    };
    const stored = (name: string): string => readFileSync(join(recorded.runDir, name), 'utf8');
    expect(await read('logs/run.log')).toBe(stored('run.log'));
    expect(await read('otlp/traces.jsonl')).toBe(stored('traces.jsonl'));
    expect(await read('otlp/logs.jsonl')).toBe(stored('logs.jsonl'));
    const { stdout } = await stagelight(project, ['logs', '--stage', 'features@raw']);
    expect(await read('logs/features%40raw.log')).toBe(`${stdout}\n`);
  });

  test('its logs begin with its address, and each trial that the user made a run for has that of its run', async () => {
    const toPage = ({ runId, experimentId }: MlflowRun): string =>
      `${server.url}/#/experiments/${experimentId}/runs/${runId}`;
    const [first] = readFileSync(join(recorded.runDir, 'run.log'), 'utf8').split('\n');
    expect(first).toMatch(/run started: dvc repro; in MLflow: http/);
    expect(first!.endsWith(toPage(parent))).toBe(true);
    const { stdout } = await stagelight(project, ['logs']);
    expect(stdout).toContain(toPage(parent));
    const start = recorded.records.find(({ eventName }) => eventName === 'mlops.run.start');
    expect(start!.attributes['mlflow.run.url']).toBe(toPage(parent));
    const trials = recorded.spans.filter(({ name }) => name === 'trial');
    for (const { spanId, attributes } of trials) {
      const users = runs.find(
        ({ tags }) =>
          tags['stagelight.span_id'] === spanId && tags['stagelight.kind'] === undefined,
      );
      expect(attributes['mlflow.run.url']).toBe(users && toPage(users));
      // MLflow's own line, at the end of a run.
      if (users !== undefined) expect(stdout).toContain(toPage(users));
    }
  });

  test('its trace is linked, in state OK, with types, inputs and outputs', async () => {
    const traceId = `tr-${recorded.info.runId}`;
    const { trace } = await server.get(`/api/3.0/mlflow/traces/${traceId}`);
    expect(trace.trace_info).toMatchObject({
      state: 'OK',
      tags: { 'mlflow.traceName': 'project' },
    });
    const found = await server.post('/api/3.0/mlflow/traces/search', {
      locations: [
        {
          type: 'MLFLOW_EXPERIMENT',
          mlflow_experiment: { experiment_id: parent.experimentId },
        },
      ],
      filter: `attributes.run_id = '${parent.runId}'`,
    });
    expect(found.traces.map(({ trace_id: id }: { trace_id: string }) => id)).toEqual([traceId]);
    const spans = (await askClient(
      `spans = client.get_trace('${traceId}').data.spans
print(json.dumps([[s.name, s.span_type, s.inputs, s.outputs, s.parent_id is None] for s in spans]))`,
    )) as [string, string, Record<string, unknown>, Record<string, unknown>, boolean][];
    expect(spans).toHaveLength(recorded.spans.length);
    const byName = new Map(spans.map((span) => [span[0], span]));
    expect(byName.get('train')).toMatchObject({
      1: 'TASK',
      2: { params: { 'train.epochs': 25 } },
      3: { result: 'success' },
    });
    expect(byName.get('RUN project')?.[4]).toBe(true);
    expect(spans.filter(([, type]) => type === 'EVALUATOR')).toHaveLength(14);
  });

  test(
    'a run that skips all stages leaves nothing on the server',
    { timeout: 60_000 },
    async () => {
      const before = (await server.api.listExperiments()).length;
      const result = await run('dvc', 'repro');
      expect(result.exitCode, result.stderr).toBe(0);
      const skipped = readRun(project);
      expect(result.stderr).toContain('nothing for mlflow');
      expect(skipped.info.counts?.stages).toEqual({ skip: 9 });
      expect(await findRuns(skipped.info.runId)).toEqual([]);
      expect(await server.api.listExperiments()).toHaveLength(before);
    },
  );

  test(
    'nor does one whose command is not there, or that only asks DVC',
    { timeout: 60_000 },
    async () => {
      for (const command of [
        ['no-such-program'],
        ['dvc', 'status'],
        ['dvc', 'repro', '--dry', '-f'],
      ]) {
        await run(...command);
        const { info } = readRun(project);
        expect(await findRuns(info.runId), command.join(' ')).toEqual([]);
        expect(await server.api.getRun(info.runId), command.join(' ')).toBeUndefined();
      }
    },
  );

  test(
    'a failing run is FAILED with its error, its trace in ERROR; skipped stages name who made their outputs',
    { timeout: 120_000 },
    async () => {
      changeParameter(project, 'min_accuracy: 0.9 ', 'min_accuracy: 0.999 ');
      const result = await run('dvc', 'repro');
      expect(result.exitCode).not.toBe(0);
      const failed = readRun(project);
      const parent = (await server.api.getRun(failed.info.runId))!;
      expect(parent).toMatchObject({
        status: 'FAILED',
        tags: {
          'stagelight.result': 'failure',
          'stagelight.error_type': failed.info.errorType,
          'stagelight.stage.train': 'failed',
          'stagelight.stage.ingest': 'unchanged',
          'stagelight.stage.ingest.produced_by_run': recorded.info.runId,
        },
      });
      const { trace } = await server.get(`/api/3.0/mlflow/traces/tr-${parent.runId}`);
      expect(trace.trace_info.state).toBe('ERROR');
      // The second run's parent is where the user's runs are.
      const users = (await findRuns(parent.runId)).filter(
        ({ tags }) => tags['stagelight.kind'] === undefined,
      );
      expect(users.map(({ name, experimentId }) => [name, experimentId])).toEqual([
        ['train', parent.experimentId],
      ]);
    },
  );

  test(
    'searches for the best model find with us what they find without us',
    { timeout: 120_000 },
    async () => {
      await runIn(project, ['git', 'checkout', '-q', 'params.yaml']);
      const searches = `
found = []
experiment = client.get_experiment_by_name('breast-cancer').experiment_id
for filter, order in [
    ('', 'metrics.accuracy DESC'), ('', 'metrics.accuracy ASC'), ('', 'metrics.best_accuracy DESC'),
    ('metrics.accuracy > 0.9', 'metrics.accuracy DESC'), ("params.loss = 'log_loss'", 'metrics.accuracy DESC'),
    ("status = 'FINISHED' and metrics.accuracy > 0", 'params.alpha ASC'),
    ("tags.mlflow.runName LIKE 'trial-%'", 'metrics.accuracy DESC'),
]:
    runs = client.search_runs([experiment], filter, order_by=[order, 'attributes.start_time ASC'])
    found.append([r.info.run_name for r in runs if r.data.metrics.get('accuracy') is not None or filter])
    found.append(runs[0].info.run_name)
print(json.dumps(found))`;
      const withUs = await askClient(searches);
      // Without us: a copy of the server's runs with all of ours deleted.
      const ours = server.api.searchRuns({
        experimentIds: (await server.api.listExperiments()).map(({ experimentId }) => experimentId),
        filter: "tags.`stagelight.kind` LIKE '%'",
      });
      for await (const each of ours) await server.api.deleteRun(each.runId);
      expect(await askClient(searches)).toEqual(withUs);
    },
  );
});
