import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { createEnv, readRun, stagelight } from '../../support/cli.ts';
import { createMlopsProject } from '../../support/mlops-project.ts';
import { findProgram, testWith } from '../../support/peers.ts';

const PEERS = ['git', 'dvc', 'mlflow'];
const test = testWith(...PEERS);

let folder: string;
let project: string;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  folder = mkdtempSync(join(tmpdir(), 'stagelight-mlflow-local-'));
  project = await createMlopsProject(folder);
}, 60_000);

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** All runs, as the official client has them in the database that MLflow makes by itself. */
const READ = `
import json, mlflow
from mlflow import MlflowClient
client = MlflowClient()
experiments = [each.experiment_id for each in client.search_experiments()]
runs = client.search_runs(experiments, order_by=['attributes.start_time ASC'])
print(json.dumps([{
    'id': run.info.run_id, 'name': run.info.run_name, 'status': run.info.status, 'tags': run.data.tags,
    'params': run.data.params, 'metrics': run.data.metrics, 'ms': run.info.end_time - run.info.start_time,
    'log': client.download_artifacts(run.info.run_id, 'logs/run.log') if 'stagelight.kind' in run.data.tags
        and run.data.tags['stagelight.kind'] == 'pipeline' else None,
} for run in runs]))
`;

interface Row {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly tags: Record<string, string>;
  readonly params: Record<string, string>;
  readonly metrics: Record<string, number>;
  readonly ms: number;
  readonly log: string | null;
}

test(
  'a real pipeline without a server has the same runs in the database that MLflow makes by itself',
  { timeout: 300_000 },
  async () => {
    const args = ['run', 'run.flush_timeout=120', '--', 'dvc', 'repro', 'tune', 'calibrate'];
    const { exitCode, stderr } = await stagelight(project, args);
    expect(exitCode, stderr).toBe(0);
    const { info, spans, runDir } = readRun(project);
    const python = findProgram('mlflow')!.replace(/mlflow$/, 'python');
    const { stdout } = await execa(python, ['-c', READ], {
      cwd: project,
      extendEnv: false,
      env: createEnv(),
    });
    const rows = JSON.parse(stdout) as Row[];

    const parent = rows.find(({ id }) => id === info.runId)!;
    expect(parent).toMatchObject({
      name: 'project',
      status: 'FINISHED',
      params: { 'tune.n_trials': '8' },
      tags: { 'stagelight.kind': 'pipeline', 'stagelight.stage.calibrate': 'ran' },
    });
    expect(readFileSync(parent.log!, 'utf8')).toBe(readFileSync(join(runDir, 'run.log'), 'utf8'));

    const users = rows.filter(({ tags }) => tags['stagelight.kind'] === undefined);
    const tune = users.find(({ name }) => name === 'tune')!;
    expect(users.map(({ name }) => name).toSorted()).toEqual([
      'train',
      ...Array.from({ length: 8 }, (_, number) => `trial-${number}`),
      'tune',
    ]);
    for (const { name, tags } of users) {
      expect(tags['mlflow.parentRunId']).toBe(name.startsWith('trial') ? tune.id : parent.id);
      expect(tags['stagelight.run_id']).toBe(info.runId);
    }

    const ours = rows.filter(({ tags }) => tags['stagelight.kind'] === 'trial');
    const trials = spans.filter(
      ({ attributes }) => attributes['optuna.study.name'] === 'calibrate',
    );
    expect(ours.map(({ name, metrics }) => [name, metrics['dvc/value']])).toEqual(
      trials
        .filter(({ attributes }) => attributes['optuna.trial.number'] !== undefined)
        .map(({ attributes }) => [
          `calibrate trial ${String(attributes['optuna.trial.number'])}`,
          attributes['optuna.trial.value'],
        ]),
    );

    // The same database, asked by verify.
    const verified = await stagelight(project, ['verify', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      mlflow: { trialCount: 14, userRunCount: users.length, findings: [] },
    });
  },
);
