import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { createCertificate } from '../../support/certificate.ts';
import type { Certificate } from '../../support/certificate.ts';
import { createEnv } from '../../support/cli.ts';
import { createMlflow, deliver, openRunFor } from '../../support/deliver.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import type { FaultProxy } from '../../support/fault-proxy.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { makeRun } from '../../view/support/make-run.ts';

const PEERS = ['mlflow', 'openssl'] as const;
const test = testWith(...PEERS);
const LONG = { timeout: 120_000 };

const folder = mkdtempSync(join(tmpdir(), 'stagelight-tls-'));
let certificate: Certificate;
let server: MlflowServer;
let proxy: FaultProxy;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  certificate = createCertificate(folder);
  server = await startMlflowServer();
  proxy = await startFaultProxy(server.url, certificate);
}, 180_000);

afterAll(async () => {
  await proxy?.close();
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function send(env: NodeJS.ProcessEnv) {
  const run = makeRun({
    home: createTemporaryDir(),
    entries: (run) => run.stage('train', [100, 900]),
  });
  const delivery = openRunFor(createMlflow({ MLFLOW_TRACKING_URI: proxy.url, ...env }), run.runDir);
  const outcome = (await deliver(delivery, 10)).at(-1)!;
  delivery.close();
  return { run, outcome };
}

test(
  'a server behind TLS that wants a certificate gets the one that MLflow’s own client shows',
  LONG,
  async () => {
    const env = {
      MLFLOW_TRACKING_SERVER_CERT_PATH: certificate.cert,
      MLFLOW_TRACKING_CLIENT_CERT_PATH: certificate.both,
    };
    const { run, outcome } = await send(env);
    expect(outcome).toEqual({ type: 'done' });

    const script = `import mlflow; print(*[run.info.status for run in mlflow.search_runs(search_all_experiments=True, output_format='list', filter_string="tags.\`stagelight.run_id\` = '${run.info.runId}'")])`;
    const all = createEnv({ MLFLOW_TRACKING_URI: proxy.url, ...env });
    const client = await execa('python', ['-c', script], { extendEnv: false, env: all });
    expect(client.stdout).toBe('FINISHED');
  },
);

test('where no certificate is shown, or the server’s isn’t trusted, it is said what to set', async () => {
  const unknown = await send({ MLFLOW_TRACKING_SERVER_CERT_PATH: certificate.cert });
  expect(unknown.outcome).toMatchObject({
    type: 'blocked',
    reason: expect.stringContaining('set MLFLOW_TRACKING_CLIENT_CERT_PATH') as string,
  });
  const untrusted = await send({ MLFLOW_TRACKING_CLIENT_CERT_PATH: certificate.both });
  expect(untrusted.outcome).toMatchObject({
    type: 'blocked',
    reason: expect.stringContaining('MLFLOW_TRACKING_SERVER_CERT_PATH') as string,
  });
});
