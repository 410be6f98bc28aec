import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { createEnv, stagelight } from '../support/cli.ts';
import { startMlflowServer } from '../support/mlflow-server.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

test('doctor says what is in effect and where it comes from, without secrets, and what each destination answers', async () => {
  const server = await OtlpServer.start();
  const project = createTemporaryDir();
  writeFileSync(
    join(project, 'stagelight.yaml'),
    `pipeline: churn
export:
  good: { endpoint: ${server.url}, headers: { authorization: 'Bearer \${oc.env:TOKEN}' } }
  dead: { endpoint: 'http://user:\${oc.env:PASSWORD}@127.0.0.1:9' }
`,
  );
  const env = { TOKEN: 'the-token-itself', PASSWORD: 'the-password' };
  const { stdout, exitCode } = await stagelight(project, ['doctor'], { env });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/git +\d+\.\d+\.\d+ +\/.*\/git/);
  expect(stdout).toMatch(/pipeline +churn +stagelight\.yaml:1:11/);
  expect(stdout).toMatch(/export\.good\.headers\.authorization +\*\*\*/);
  expect(stdout).toMatch(/✔ logs to .*\/v1\/logs: taken/);
  expect(stdout).toMatch(
    /✖ logs to http:\/\/127\.0\.0\.1:9\/v1\/logs: .*ECONNREFUSED.*nothing listens there/,
  );
  expect(stdout).not.toMatch(/the-token|the-password/);
  expect(server.requests.map(({ path }) => path).toSorted()).toEqual([
    '/v1/logs',
    '/v1/metrics',
    '/v1/traces',
  ]);
  expect(server.requests[0]!.headers.authorization).toBe('Bearer the-token-itself');
  const json = await stagelight(project, ['doctor', '--json'], { env });
  expect(json.stdout).not.toMatch(/the-token|the-password/);
  expect(JSON.parse(json.stdout)).toMatchObject({
    destinations: [{ name: 'good' }, { name: 'dead' }],
  });
});

test('with nothing configured, and with something that cannot be used, doctor says so', async () => {
  const project = createTemporaryDir();
  const none = await stagelight(project, ['doctor']);
  expect(none.stdout).toContain('none: runs stay on this machine');
  expect(none.exitCode).toBe(0);
  const grpc = await stagelight(project, ['doctor'], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    },
  });
  expect(grpc.stdout).toContain('4318');
  expect(grpc.exitCode).toBe(1);
});

testWith('mlflow')(
  'MLflow is asked for its experiments, and for the one that is configured; nothing is written to it',
  { timeout: 240_000 },
  async () => {
    const server = await startMlflowServer();
    onTestFinished(async () => server.close());
    const project = createTemporaryDir();
    const diagnose = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const { stdout, exitCode } = await stagelight(project, ['doctor'], { env });
      const line = stdout.split('\n').find((each) => each.includes('runs to'));
      return `${exitCode} ${line?.trim()}`;
    };
    const env = { MLFLOW_TRACKING_URI: server.url };
    expect(await diagnose(env)).toBe(`0 ✔ runs to ${server.url}: it answers, with 1 experiment`);
    expect(await diagnose({ ...env, MLFLOW_EXPERIMENT_NAME: 'churn' })).toMatch(
      /^0 ✔ .*; churn will be made by the first run$/,
    );
    expect(await diagnose({ ...env, MLFLOW_EXPERIMENT_ID: '77' })).toMatch(
      /^1 ✖ .* has no experiment 77: MLFLOW_EXPERIMENT_ID names it$/,
    );
    expect(await server.api.listExperiments()).toHaveLength(1);
    const guarded = await OtlpServer.start();
    guarded.behave = (_request, response) => {
      response.writeHead(401).end();
      return false;
    };
    expect(await diagnose({ MLFLOW_TRACKING_URI: guarded.url })).toMatch(
      /^1 ✖ .* asks for a login: set MLFLOW_TRACKING_USERNAME/,
    );
    expect(await diagnose({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' })).toMatch(
      /^1 ✖ runs to http:\/\/127\.0\.0\.1:9: /,
    );
  },
);

testWith('dvc', 'mlflow')(
  'the versions that doctor tells are those that the tools tell',
  async () => {
    const { stdout } = await stagelight(createTemporaryDir(), ['doctor']);
    const { stdout: said } = await execa('dvc', ['--version'], {
      extendEnv: false,
      env: createEnv(),
    });
    expect(stdout).toMatch(new RegExp(`dvc +${said.trim().replaceAll('.', '\\.')} +/`));
    expect(stdout).toMatch(/mlflow +\d+\.\d+\.\d+ +\//);
  },
);
