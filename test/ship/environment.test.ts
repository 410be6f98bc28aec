import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCertificate, toTlsServer } from '../support/certificate.ts';
import { stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

async function run(env: NodeJS.ProcessEnv, command: readonly string[] = ['echo', 'hi']) {
  const project = createTemporaryDir();
  const { stdout, stderr, exitCode } = await stagelight(project, ['run', '--', ...command], {
    env,
  });
  return { project, stdout, stderr, exitCode };
}

describe('the standard variables, by their rules', () => {
  test('a base address gets paths, one of a signal is taken as it is; headers are joined, the signal’s own first', async () => {
    const [base, own] = [await OtlpServer.start(), await OtlpServer.start()];
    await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${base.url}/prefix/`,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${own.url}/as/it/is`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-both=general%20value,x-general=1',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-both=own',
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
    });
    expect(new Set(base.requests.map(({ path }) => path))).toEqual(
      new Set(['/prefix/v1/traces', '/prefix/v1/metrics']),
    );
    expect(new Set(own.requests.map(({ path }) => path))).toEqual(new Set(['/as/it/is']));
    expect(base.requests[0]!.headers).toMatchObject({
      'x-both': 'general value',
      'x-general': '1',
    });
    expect(own.requests[0]!.headers).toMatchObject({
      'x-both': 'own',
      'x-general': '1',
      'content-encoding': 'gzip',
    });
    expect(base.requests[0]!.headers['content-encoding']).toBeUndefined();
  });

  test('a signal can be left out, and all of it turned off', async () => {
    const server = await OtlpServer.start();
    await run({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_LOGS_EXPORTER: 'none' });
    expect(new Set(server.requests.map(({ path }) => path))).toEqual(
      new Set(['/v1/traces', '/v1/metrics']),
    );
    server.requests.length = 0;
    await run({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_SDK_DISABLED: 'true' });
    expect(server.requests).toEqual([]);
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, '4318'],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }, 'expected gzip or none'],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' }, 'milliseconds'],
    [{ OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem' }, 'no such file'],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'localhost:4318' }, "isn't an address"],
  ])('one that cannot be used is told, and the command runs: %j', async (wrong, words) => {
    const server = await OtlpServer.start();
    const { stderr, stdout, exitCode } = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      ...wrong,
    });
    expect({ stdout, exitCode }).toEqual({ stdout: 'hi', exitCode: 0 });
    expect(stderr).toContain(words);
    expect(server.requests).toEqual([]);
  });

  test('headers that were set for one address never go to another', async () => {
    const [mine, theirs] = [await OtlpServer.start(), await OtlpServer.start()];
    await run({
      STAGELIGHT_OTLP_ENDPOINT: mine.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: theirs.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20theirs',
    });
    expect(theirs.requests).toEqual([]);
    expect(mine.requests.length).toBeGreaterThan(0);
    expect(mine.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('the command sees its own variables as they were, and none of ours', async () => {
    const server = await OtlpServer.start();
    const { stdout } = await run(
      { STAGELIGHT_OTLP_ENDPOINT: server.url, OTEL_EXPORTER_OTLP_HEADERS: 'a=b' },
      ['sh', '-c', 'env | grep ^OTEL_'],
    );
    expect(stdout).toBe('OTEL_EXPORTER_OTLP_HEADERS=a=b');
  });

  test('MLflow beside them is warned of, once', async () => {
    const server = await OtlpServer.start();
    const line = '2026/11/23 01:33:56 INFO mlflow.tracking.fluent: Experiment created';
    const { stderr } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url }, ['echo', line]);
    expect(stderr.match(/MLflow in this run sends its traces there/g)).toHaveLength(1);
    const quiet = await run({ STAGELIGHT_OTLP_ENDPOINT: server.url }, ['echo', line]);
    expect(quiet.stderr).not.toContain('MLflow');
  });
});

describe('a backend that costs the pipeline nothing', () => {
  test('one that hangs: same output, same exit code, and the end waits two seconds at most', async () => {
    const server = await OtlpServer.start();
    server.behave = () => false;
    const from = Date.now();
    const { stdout, exitCode, stderr } = await run({ STAGELIGHT_OTLP_ENDPOINT: server.url }, [
      'sh',
      '-c',
      'echo out; exit 3',
    ]);
    expect({ stdout, exitCode }).toEqual({ stdout: 'out', exitCode: 3 });
    expect(stderr).toContain('still to send to otlp');
    expect(Date.now() - from).toBeLessThan(8000);
  });

  test('one that is slow is waited for, as long as --flush-timeout says', async () => {
    const server = await OtlpServer.start();
    server.behave = async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      return true;
    };
    const env = { STAGELIGHT_OTLP_ENDPOINT: server.url };
    expect((await run(env)).stderr).toContain('sent to otlp');
    const project = createTemporaryDir();
    const { stderr } = await stagelight(
      project,
      ['run', '--flush-timeout', '0', '--', 'echo', 'hi'],
      { env },
    );
    expect(stderr).toContain('still to send to otlp');
    const shown = await stagelight(project, ['show'], { env });
    expect(shown.stdout).toContain('still to send to otlp');
    const json = JSON.parse((await stagelight(project, ['show', '--json'], { env })).stdout) as {
      sending: unknown;
    };
    expect(json.sending).toMatchObject([
      { name: 'otlp', pendingBytes: expect.any(Number) as number },
    ]);
  });

  test('a password and a token in an address are nowhere: not in the run, not in what is printed', async () => {
    const { project, stderr, stdout } = await run({
      STAGELIGHT_OTLP_ENDPOINT: 'http://user:the-password@127.0.0.1:9/?token=the-token',
    });
    expect(stderr).toContain('still to send');
    const found = spawnSync('grep', ['-rlE', 'the-password|the-token', project]);
    expect(found.status).toBe(1); // nothing
    expect(stderr + stdout).not.toMatch(/the-(?:password|token)/);
  });
});

testWith('openssl')(
  'TLS: a certificate of one’s own is trusted when it is named, refused in words otherwise; a client shows its own',
  async () => {
    const certificate = createCertificate(createTemporaryDir());
    const clients: string[] = [];
    const server = createServer(toTlsServer(certificate), (request, response) => {
      clients.push((request.socket as TLSSocket).getPeerCertificate().subject.CN as string);
      request
        .resume()
        .on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
    const trusted = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_CERTIFICATE: certificate.cert,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificate.cert,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: certificate.key,
    });
    expect(trusted.stderr).toContain('sent to otlp');
    expect(new Set(clients)).toEqual(new Set(['localhost']));
    const refused = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect(refused.stderr).toContain('the certificate that it is to be trusted by');
    const unknown = {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_CERTIFICATE: certificate.cert,
    };
    // The server may have closed the connection before its reason is read.
    await expect
      .poll(async () => (await run(unknown)).stderr, { timeout: 40_000 })
      .toContain("it wants a client's certificate");
    const project = createTemporaryDir();
    writeFileSync(
      join(project, 'stagelight.yaml'),
      JSON.stringify({
        export: {
          tls: {
            endpoint,
            certificate: certificate.cert,
            client_certificate: certificate.cert,
            client_key: certificate.key,
          },
        },
      }),
    );
    expect((await stagelight(project, ['run', '--', 'echo', 'hi'])).stderr).toContain(
      'sent to tls',
    );
  },
);
