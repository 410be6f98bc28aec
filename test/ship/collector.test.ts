import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { createRunId } from '../../src/model/ids.ts';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { findRunDirs, stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import type { Behaviour, OtlpRequest } from '../support/otlp-server.ts';
import { testWith } from '../support/peers.ts';
import { Collector } from '../support/servers/collector.ts';
import { untilTestEnds } from '../support/servers/server-process.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';
import { makeRun } from '../view/support/make-run.ts';

const LONG = { timeout: 90_000 };
const HOSTILE = ['NaN', 'Infinity', '-Infinity'].map(Number);

interface Place {
  readonly project: string;
  readonly runDir: string;
  readonly uids: readonly string[];
}

/** A project with one run: stage, trials, metrics that JSON has no numbers for, hostile texts. */
function setUp(count = 200): Place {
  const project = createTemporaryDir();
  const { runDir } = makeRun({
    home: join(project, '.stagelight'),
    runId: createRunId(),
    entries: (run) => [
      ...run.stage('train', [100, 9000]),
      ...run.study('search', { stage: 'train', fromMs: 200, values: [0.5, undefined] }),
      ...HOSTILE.map((value, index) => run.metric(300 + index, ['loss', value], 'train')),
      run.log(400, '\ud800 half a character, \0 and \u001b[31m', { span: run.stageId('train') }),
      run.log(401, 'big', {
        span: run.stageId('train'),
        attributes: { big: 2 ** 62, bytes: { bytes: '/wD+' } },
      }),
      ...Array.from({ length: count }, (_, index) =>
        run.log(500 + index, `line ${index}`, { span: run.stageId('train') }),
      ),
    ],
  });
  return { project, runDir, uids: toUids(runDir) };
}

function toUids(runDir: string): string[] {
  return [...readRecords(join(runDir, FILE.logs))].map(({ attributes }) =>
    String(attributes['log.record.uid']),
  );
}

function heldUids(collector: Collector): string[] {
  return collector.readRecords().map(({ attributes }) => String(attributes['log.record.uid']));
}

async function startCollector(): Promise<Collector> {
  const collector = untilTestEnds(await Collector.create({ dir: createTemporaryDir() }));
  await collector.start();
  return collector;
}

describe.each(['http/json', 'http/protobuf'])('by %s', (protocol) => {
  testWith('otelcol')(
    'every record and span arrives as it is: NaN, infinities, big integers, half characters',
    LONG,
    async () => {
      const { project, runDir } = setUp();
      const collector = await startCollector();
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      };
      const { exitCode, stdout } = await stagelight(project, ['push', '--all'], { env });
      expect({ exitCode, stdout }).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('sent to otlp') as string,
      });
      await collector.stop();
      // A half character has no UTF-8: what arrives is the sign for that.
      const records = [...readRecords(join(runDir, FILE.logs))].map((record) => ({
        ...record,
        body: Buffer.from(record.body).toString(),
      }));
      expect(collector.readRecords()).toEqual(records);
      expect(collector.readSpans()).toEqual([...readSpans(join(runDir, FILE.traces))]);
    },
  );
});

/** What stands between stagelight and the Collector: passes on what it doesn't spoil. */
async function startProxy(collector: Collector, spoil: Behaviour): Promise<OtlpServer> {
  const proxy = await OtlpServer.start();
  proxy.behave = async (request, response) => {
    if (!(await spoil(request, response))) return false;
    const answer = await forward(collector, request);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
    return false;
  };
  return proxy;
}

async function forward(
  collector: Collector,
  { path, body, headers }: OtlpRequest,
): Promise<Response> {
  return fetch(`${collector.otlpUrl}${path}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': headers['content-type']! },
  });
}

/** The first request of logs is spoiled. */
function once(spoil: Behaviour): Behaviour {
  let isLeft = true;
  return (request, response) => {
    if (!isLeft || request.path !== '/v1/logs') return true;
    isLeft = false;
    return spoil(request, response);
  };
}

describe('with something in between', () => {
  testWith('otelcol')(
    'a 429, a 503, a 500, a hang and closed connections lose and double nothing',
    LONG,
    async () => {
      const collector = await startCollector();
      const answer =
        (status: number, headers = {}): Behaviour =>
        (_request, response) => {
          response.writeHead(status, headers).end();
          return false;
        };
      const faults: Behaviour[] = [
        answer(429, { 'retry-after': '1' }),
        answer(503),
        answer(500),
        () => false,
        (_request, { socket }) => !socket?.destroy(),
        async (request, response) => {
          await forward(collector, request);
          response.writeHead(200, { 'content-length': '50' });
          response.write('{', () => response.destroy());
          return false;
        },
      ];
      const sent: string[] = [];
      for (const fault of faults) {
        const { project, uids } = setUp();
        const proxy = await startProxy(collector, once(fault));
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url, OTEL_EXPORTER_OTLP_TIMEOUT: '1000' };
        const { exitCode } = await stagelight(project, ['push', '--all'], { env });
        expect(exitCode).toBe(0);
        sent.push(...uids);
      }
      await collector.stop();
      expect(heldUids(collector).toSorted()).toEqual(sent.toSorted());
    },
  );
});

testWith('otelcol')(
  'a 429 that says to come back in two minutes is kept to: nobody waits for it, and the next push sends it all, once',
  LONG,
  async () => {
    const collector = await startCollector();
    const { project, uids } = setUp();
    let logRequests = 0;
    const proxy = await startProxy(collector, ({ path }, response) => {
      if (path !== '/v1/logs') return true;
      logRequests += 1;
      if (logRequests > 1) return true;
      response.writeHead(429, { 'retry-after': '120' }).end('slow down');
      return false;
    });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url };
    const startMs = Date.now();
    const first = await stagelight(project, ['push', '--all'], { env });
    expect(first.exitCode).toBe(1);
    expect(first.stdout).toContain('429');
    expect(Date.now() - startMs).toBeLessThan(30_000);
    expect(logRequests).toBe(1);
    expect((await stagelight(project, ['push'], { env })).exitCode).toBe(0);
    await collector.stop();
    expect(heldUids(collector)).toEqual(uids);
  },
);

testWith('otelcol')(
  'a Collector that is down at the start, and stopped in the middle, gets every record',
  LONG,
  async () => {
    const collector = untilTestEnds(await Collector.create({ dir: createTemporaryDir() }));
    const project = createTemporaryDir();
    const run = stagelight(
      project,
      ['run', '--', 'bash', '-c', 'for i in $(seq 60); do echo "line $i"; sleep 0.1; done'],
      {
        env: { STAGELIGHT_OTLP_ENDPOINT: collector.otlpUrl },
      },
    );
    await sleep(1000);
    await collector.start();
    await waitFor(() => heldUids(collector).length > 5);
    await collector.stop();
    await sleep(500);
    await collector.start();
    await run;
    await stagelight(project, ['push'], { env: { STAGELIGHT_OTLP_ENDPOINT: collector.otlpUrl } });
    await collector.stop();
    expect(heldUids(collector)).toEqual(toUids(findRunDirs(project)[0]!));
  },
);
