import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { createEnv, readRun, stagelight } from '../../support/cli.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { createTemporaryDir } from '../../support/temporary.ts';

const test = testWith('mlflow');
const LONG = { timeout: 180_000 };

/** Two runs, one in the other, and one that is made past what ties runs to ours. */
const PROGRAM = `
import mlflow
mlflow.set_experiment('churn')
with mlflow.start_run(run_name='outer'):
    mlflow.log_metric('accuracy', 0.9)
    with mlflow.start_run(run_name='inner', nested=True):
        mlflow.log_param('lr', 0.1)
print('trained')
`;

/** All runs of a store, as the official client has them. */
const READ = `
import json, mlflow
from mlflow import MlflowClient
client = MlflowClient()
runs = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id], order_by=['attributes.start_time ASC']):
        logs = [each.path for each in client.list_artifacts(run.info.run_id, 'logs')]
        runs.append([experiment.name, run.info.run_name, run.info.run_id, run.info.status, run.data.tags, logs])
print(json.dumps(runs))
`;

type Row = [string, string, string, string, Record<string, string>, string[]];

test.each([
  { title: 'a database that nothing names', env: {} },
  { title: 'a database that a variable names', env: { MLFLOW_TRACKING_URI: 'sqlite:///own.db' } },
  {
    title: 'a folder, where the user opens it',
    env: { MLFLOW_TRACKING_URI: './mlruns', MLFLOW_ALLOW_FILE_STORE: 'true' },
  },
])(
  'without a server, in $title, the pipeline is a run with the runs of its code in it',
  LONG,
  async ({ env }) => {
    const project = createTemporaryDir();
    writeFileSync(join(project, 'train.py'), PROGRAM);
    const args = ['run', '--name', 'churn', 'run.flush_timeout=120', '--', 'python', 'train.py'];
    const { exitCode, stderr } = await stagelight(project, args, { env });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('sent to mlflow');

    const { info } = readRun(project);
    const python = findProgram('mlflow')!.replace(/mlflow$/, 'python');
    const options = { cwd: project, extendEnv: false, env: createEnv(env) };
    const { stdout } = await execa(python, ['-c', READ], options);
    const rows = JSON.parse(stdout) as Row[];
    const byName = new Map(rows.map((row) => [row[1], row]));
    expect([...byName.keys()].toSorted()).toEqual(['churn', 'inner', 'outer']);
    expect(rows.map(([experiment]) => experiment)).toEqual(['churn', 'churn', 'churn']);
    const [, , parentId, status, tags, logs] = byName.get('churn')!;
    expect({ parentId, status, logs }).toEqual({
      parentId: info.runId,
      status: 'FINISHED',
      logs: ['logs/run.log'],
    });
    expect(tags['stagelight.kind']).toBe('pipeline');
    const outer = byName.get('outer')!;
    expect(outer[4]['mlflow.parentRunId']).toBe(info.runId);
    expect(byName.get('inner')![4]['mlflow.parentRunId']).toBe(outer[2]);
  },
);

/** Against what the environment says: a store of its own. */
const ELSEWHERE = `
import mlflow
mlflow.set_tracking_uri('sqlite:///elsewhere.db')
with mlflow.start_run(run_name='outer'):
    mlflow.log_metric('accuracy', 0.9)
    with mlflow.start_run(run_name='inner', nested=True):
        pass
`;

test(
  'code that chooses a store of its own finds the pipeline there as well: no run points to a parent that its store lacks',
  LONG,
  async () => {
    const project = createTemporaryDir();
    writeFileSync(join(project, 'train.py'), PROGRAM);
    writeFileSync(join(project, 'other.py'), ELSEWHERE);
    const command = ['sh', '-c', 'python train.py && python other.py'];
    const args = ['run', '--name', 'churn', 'run.flush_timeout=120', '--', ...command];
    const env = { MLFLOW_TRACKING_URI: 'sqlite:///own.db' };
    const { exitCode, stderr } = await stagelight(project, args, { env });
    expect(exitCode, stderr).toBe(0);
    const { info } = readRun(project);
    const python = findProgram('mlflow')!.replace(/mlflow$/, 'python');
    for (const uri of ['sqlite:///own.db', 'sqlite:///elsewhere.db']) {
      const { stdout } = await execa(python, ['-c', READ], {
        cwd: project,
        extendEnv: false,
        env: createEnv({ MLFLOW_TRACKING_URI: uri }),
      });
      const rows = JSON.parse(stdout) as Row[];
      const byName = new Map(rows.map((row) => [row[1], row]));
      expect([...byName.keys()].toSorted(), uri).toEqual(['churn', 'inner', 'outer']);
      const [, , parentId, status, , logs] = byName.get('churn')!;
      expect([parentId, status, logs]).toEqual([info.runId, 'FINISHED', ['logs/run.log']]);
      expect(byName.get('outer')![4]['mlflow.parentRunId']).toBe(parentId);
      expect(byName.get('inner')![4]['mlflow.parentRunId']).toBe(byName.get('outer')![2]);
    }
  },
);

test('a pipeline that has nothing to do with MLflow makes no store', LONG, async () => {
  const project = createTemporaryDir();
  const { stderr } = await stagelight(project, ['run', '--', 'python', '-c', 'print(1)']);
  expect(stderr).not.toContain('mlflow');
});

test('a Python without mlflow is said in a sentence', LONG, async () => {
  const project = createTemporaryDir();
  writeFileSync(join(project, 'mlflow.db'), '');
  const { exitCode, stderr } = await stagelight(project, ['run', '--', '/bin/echo', 'hi'], {
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/can't (?:import mlflow|start python)/);
});
