import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { testWith } from '../support/peers.ts';
import { Collector } from '../support/servers/collector.ts';
import { untilTestEnds } from '../support/servers/server-process.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';
import { createProgram, runAlone } from './program.ts';

const LONG = { timeout: 120_000 };

async function createCollector(): Promise<Collector> {
  return untilTestEnds(await Collector.create({ dir: createTemporaryDir() }));
}

testWith('otelcol')(
  'a direct run is at the Collector when it resolves, without a file on disk: a burst of 20,000 records too',
  LONG,
  async () => {
    const collector = await createCollector();
    await collector.start();
    const project = createProgram(`
      const outcome = await run('churn', async () => {
        await stage('clean', async () => {
          for (let n = 0; n < 20_000; n += 1) logger.info('line ' + n);
          logger.info('with a password=hunter2-is-secret', { token: 'hunter2-too', rows: 3 });
          logger.info('x'.repeat(100_000));
          metric('loss', NaN, 1);
        });
        const best = await study('depth', { direction: 'maximize' }, async (search) => {
          await search.trial({ depth: 2 }, () => 0.5);
          await search.trial({ depth: 4 }, (trial) => trial.prune());
          return search.best;
        });
        await stage('train', () => { throw new RangeError('no'); }).catch(() => {});
        return best.value;
      }, { direct: true, attributes: { owner: 'me' } });
      console.log(outcome);
    `);
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    const { stdout, stderr } = await runAlone(project, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
      TRACEPARENT: traceparent,
    });
    expect({ stdout, stderr }).toEqual({ stdout: '0.5', stderr: '' });
    expect(existsSync(join(project, '.stagelight'))).toBe(false);
    await collector.stop();

    const spans = collector.readSpans();
    const find = (name: string) => spans.find((span) => span.name === name)!;
    const root = find('RUN churn');
    expect(root).toMatchObject({
      kind: 2,
      parentSpanId: undefined,
      attributes: { owner: 'me', 'cicd.pipeline.result': 'success' },
      links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }],
    });
    const clean = find('clean');
    expect(clean).toMatchObject({
      traceId: root.traceId,
      parentSpanId: root.spanId,
      attributes: {
        'cicd.pipeline.task.name': 'clean',
        'cicd.pipeline.task.run.id': clean.spanId,
        'cicd.pipeline.task.run.result': 'success',
      },
    });
    expect(find('train')).toMatchObject({
      isError: true,
      message: 'no',
      attributes: { 'cicd.pipeline.task.run.result': 'failure', 'error.type': 'RangeError' },
    });
    const trials = spans.filter(({ name }) => name === 'trial');
    expect(trials.map(({ attributes }) => attributes['optuna.trial.state'])).toEqual([
      'COMPLETE',
      'PRUNED',
    ]);
    expect(trials[0]!.parentSpanId).toBe(find('study').spanId);

    const records = collector.readRecords();
    const lines = records.filter(({ body }) => body.startsWith('line '));
    expect(lines.map(({ body }) => body)).toEqual(
      Array.from({ length: 20_000 }, (_, n) => `line ${n}`),
    );
    const uids = new Set(records.map(({ attributes }) => attributes['log.record.uid']));
    expect(uids.size).toBe(records.length);
    for (const record of [lines[0]!, lines.at(-1)!]) {
      expect(record).toMatchObject({
        severity: 9,
        traceId: root.traceId,
        spanId: clean.spanId,
        attributes: { 'cicd.pipeline.task.name': 'clean' },
      });
    }
    expect(records.find(({ body }) => body.startsWith('with a'))).toMatchObject({
      body: 'with a password=***',
      attributes: { token: '***', rows: 3 },
    });
    const parts = records.filter(({ attributes }) => attributes['mlops.part.id'] !== undefined);
    expect(parts.map(({ body }) => body).join('')).toBe('x'.repeat(100_000));
    expect(records.find(({ body }) => body === 'loss = NaN')).toMatchObject({
      eventName: 'mlops.metric',
      attributes: { 'mlops.metric.value': 'NaN', 'mlops.metric.step': 1 },
    });
    const error = records.find(({ attributes }) => attributes['exception.type'] !== undefined);
    expect(error).toMatchObject({ severity: 17, spanId: find('train').spanId });
    expect(records.at(-1)).toMatchObject({
      eventName: 'mlops.run.end',
      spanId: root.spanId,
      attributes: { 'cicd.pipeline.result': 'success' },
    });
  },
);

testWith('otelcol')(
  'a Collector that is down at first has all of it in the end',
  LONG,
  async () => {
    const collector = await createCollector();
    const project = createProgram(`
      await run('churn', () => { logger.info('hello'); console.log('logged'); }, { direct: true });
    `);
    const running = runAlone(project, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
      STAGELIGHT_RUN_FLUSH_TIMEOUT: '90',
    });
    let printed = '';
    (running as unknown as { stdout: NodeJS.ReadableStream }).stdout.on('data', (bytes) => {
      printed += String(bytes);
    });
    await waitFor(() => printed.includes('logged'));
    await collector.start();
    expect(await running).toMatchObject({ exitCode: 0, stderr: '' });
    await collector.stop();
    const bodies = collector
      .readRecords()
      .map(({ body }) => body.replace(/started: .*/, 'started'));
    expect(bodies.toSorted()).toEqual(['hello', 'run ended: success', 'run started']);
    expect(collector.readSpans()).toHaveLength(1);
  },
);

test('runs one after the other have IDs of their own, and what is between them is nobody’s', async () => {
  const server = await OtlpServer.start();
  const project = createProgram(`
    for (const name of ['first', 'second']) {
      await run(name, () => stage('work', () => logger.info(name)));
      logger.info('between');
    }
  `);
  const { stderr } = await runAlone(project, {
    OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
    STAGELIGHT_DIRECT: 'true',
  });
  expect(stderr).toBe('');
  const traces = server.requests.filter(({ path }) => path === '/v1/traces');
  const traceIds = traces.flatMap(({ body }) => String(body).match(/"traceId":"[0-9a-f]+"/g) ?? []);
  expect(new Set(traceIds).size).toBe(2);
  for (const { body } of traces) {
    const [traceId] = /(?<="traceId":")[0-9a-f]+/.exec(String(body))!;
    expect(String(body)).toContain(
      `"key":"cicd.pipeline.run.id","value":{"stringValue":"${traceId}"}`,
    );
  }
  const logs = server.requests.map(({ body }) => String(body)).join('');
  expect(logs).not.toContain('between');
});

test('one record that is refused takes no other along, and is told of', async () => {
  const server = await OtlpServer.start();
  server.behave = ({ body }, response) => {
    if (!body.includes('poison')) return true;
    response.writeHead(400).end('bad');
    return false;
  };
  const project = createProgram(`
    await run('churn', () => {
      for (let n = 0; n < 100; n += 1) logger.info(n === 40 ? 'poison' : 'line ' + n);
    }, { direct: true });
  `);
  const { stderr, exitCode } = await runAlone(project, { OTEL_EXPORTER_OTLP_ENDPOINT: server.url });
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^stagelight: 1 log records and 0 spans of run \w+ are lost: /);
  expect(server.uids).toHaveLength(99 + 2);
});

test('with nobody there the program does what it does, and what is lost is told', async () => {
  const project = createProgram(`
    console.log(await run('churn', () => { logger.info('hello'); return 42; }, { direct: true }));
  `);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
  };
  const { stdout, stderr, exitCode } = await runAlone(project, {
    ...env,
    STAGELIGHT_RUN_FLUSH_TIMEOUT: '1',
  });
  expect({ stdout, exitCode }).toEqual({ stdout: '42', exitCode: 0 });
  expect(stderr).toMatch(/^stagelight: 3 log records and 1 spans of run \w+ are lost: .*$/);
  const exiting = createProgram(`
    await run('churn', () => { logger.info('hello'); process.exit(3); }, { direct: true });
  `);
  const ended = await runAlone(exiting, env);
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr).toMatch(/2 log records and 0 spans .* lost: the program has ended before$/);
});

test('inside `stagelight run` a direct run is a part of that run, on disk', async () => {
  const project = createProgram(
    `await run('inner', () => logger.info('hello'), { direct: true });`,
  );
  const { exitCode } = await stagelight(project, ['run', '--', process.execPath, 'program.mjs']);
  expect(exitCode).toBe(0);
  expect(readRun(project).spans.map(({ name }) => name)).toContain('RUN inner');
});
