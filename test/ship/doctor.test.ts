import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
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
