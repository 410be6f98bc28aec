import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { createMlflow, deliver, openRunFor } from '../../support/deliver.ts';
import { findRuns } from '../../support/mlflow-state.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { makeRun } from '../../view/support/make-run.ts';

const test = testWith('mlflow');

let server: MlflowServer;

// As many of them are still: it keeps runs in a folder, takes no OTLP, and serves no artifacts.
beforeAll(async () => {
  if (findProgram('mlflow') === undefined) return;
  server = await startMlflowServer({
    args: ['--backend-store-uri=./mlruns', '--no-serve-artifacts'],
    env: { MLFLOW_ALLOW_FILE_STORE: 'true' },
  });
}, 180_000);

afterAll(async () => server?.close());

const make = () =>
  makeRun({
    home: createTemporaryDir(),
    entries: (run) => [
      run.startStage('tune', 100),
      run.log(150, 'line', { span: run.stageId('tune') }),
      ...run.study('search', { stage: 'tune', fromMs: 200, values: [0.5, 0.25] }),
      run.endStage('tune', 5000, { attributes: { 'dvc.stage.outcome': 'ran' } }),
    ],
  });

async function send(env: NodeJS.ProcessEnv) {
  const run = make();
  const delivery = openRunFor(
    createMlflow({ MLFLOW_TRACKING_URI: server.url, ...env }),
    run.runDir,
  );
  expect((await deliver(delivery)).at(-1)).toEqual({ type: 'done' });
  const { notes = [] } = delivery.status();
  delivery.close();
  const runs = await findRuns(server, run.info.runId);
  return {
    run,
    runs,
    notes,
    parent: runs.find(({ tags }) => tags['stagelight.kind'] === 'pipeline')!,
  };
}

test(
  "without OTLP and an artifact proxy all but the trace is written, logs by the user's own Python",
  { timeout: 120_000 },
  async () => {
    const { PATH, HOME } = process.env;
    const { run, runs, notes, parent } = await send({ PATH, HOME });
    expect(runs.map(({ status }) => status)).toEqual(['FINISHED', 'FINISHED', 'FINISHED']);
    expect(notes).toEqual([
      expect.stringMatching(/takes no traces .* that needs MLflow 3.6 or later with a SQL store/),
      expect.stringContaining('/#/experiments/'),
    ]);
    const log = readFileSync(join(parent.artifactUri, 'logs/run.log'), 'utf8');
    expect(log).toBe(readFileSync(join(run.runDir, 'run.log'), 'utf8'));
    for (const name of ['logs/tune.log', 'otlp/logs.jsonl', 'otlp/traces.jsonl'])
      expect(existsSync(join(parent.artifactUri, name)), name).toBe(true);
  },
);

test('where there is no such Python, it is said once, and the rest is written', async () => {
  const { runs, notes } = await send({ PATH: '/nowhere' });
  expect(runs).toHaveLength(3);
  expect(notes.filter((note) => note.includes('logs'))).toEqual([
    expect.stringMatching(/^the logs aren't there: .* past its own artifact proxy, .*python/),
  ]);
});
