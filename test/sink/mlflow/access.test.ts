import { afterAll, beforeAll, expect } from 'vitest';
import { createTemporaryDir } from '../../support/temporary.ts';
import { createMlflow, deliver, openRunFor } from '../../support/deliver.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { makeRun } from '../../view/support/make-run.ts';

const auth = process.env['STAGELIGHT_MLFLOW_AUTH'];
const test = auth === undefined ? testWith('mlflow', 'STAGELIGHT_MLFLOW_AUTH') : testWith('mlflow');
const LONG = { timeout: 120_000 };
const LOGIN = { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: 'a-long-password-1' };

let server: MlflowServer;

beforeAll(async () => {
  if (findProgram('mlflow') === undefined || auth === undefined) return;
  server = await startMlflowServer({
    args: ['--app-name=basic-auth', '--allowed-hosts=127.0.0.1:*'],
    env: {
      PYTHONPATH: auth,
      MLFLOW_FLASK_SERVER_SECRET_KEY: 'a-key',
      MLFLOW_AUTH_ADMIN_PASSWORD: LOGIN.MLFLOW_TRACKING_PASSWORD,
    },
    clientEnv: LOGIN,
  });
}, 180_000);

afterAll(async () => server?.close());

async function send(env: NodeJS.ProcessEnv) {
  const run = makeRun({
    home: createTemporaryDir(),
    entries: (run) => run.stage('train', [100, 900]),
  });
  const delivery = openRunFor(createMlflow(env), run.runDir);
  const outcome = (await deliver(delivery)).at(-1)!;
  const status = delivery.status();
  delivery.close();
  return { run, outcome, status };
}

test(
  'with the login of its variables a run is written, trace and logs included',
  LONG,
  async () => {
    const { run, outcome, status } = await send({ MLFLOW_TRACKING_URI: server.url, ...LOGIN });
    expect(outcome).toEqual({ type: 'done' });
    expect(status.refusedCount).toBe(0);
    const experiments = await server.api.listExperiments();
    const search = {
      experimentIds: experiments.map(({ experimentId }) => experimentId),
      filter: `tags.\`stagelight.run_id\` = '${run.info.runId}'`,
    };
    const names: string[] = [];
    for await (const { name, status: ended } of server.api.searchRuns(search))
      names.push(`${name} ${ended}`);
    expect(names).toEqual(['demo FINISHED']);
  },
);

test('a login in the address works too, and is shown nowhere', LONG, async () => {
  const url = server.url.replace('//', `//admin:${LOGIN.MLFLOW_TRACKING_PASSWORD}@`);
  const destination = createMlflow({ MLFLOW_TRACKING_URI: url });
  expect(destination.address).toBe(server.url);
  const { outcome, status } = await send({ MLFLOW_TRACKING_URI: url });
  expect(outcome).toEqual({ type: 'done' });
  expect(JSON.stringify(status)).not.toContain(LOGIN.MLFLOW_TRACKING_PASSWORD);
});

test('without a login, and with a wrong one, it is said what to set', LONG, async () => {
  for (const login of [{}, { ...LOGIN, MLFLOW_TRACKING_PASSWORD: 'wrong' }]) {
    const { outcome } = await send({ MLFLOW_TRACKING_URI: server.url, ...login });
    expect(outcome).toMatchObject({
      type: 'blocked',
      reason: expect.stringContaining('set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD'),
    });
    expect(JSON.stringify(outcome)).not.toContain('wrong');
  }
});

test('a server that knows itself by another name says how to start it', LONG, async () => {
  const url = server.url.replace('127.0.0.1', 'localhost');
  const { outcome } = await send({ MLFLOW_TRACKING_URI: url, ...LOGIN });
  expect(outcome).toMatchObject({
    type: 'blocked',
    reason: expect.stringContaining(`--allowed-hosts '${new URL(url).host}`),
  });
});
