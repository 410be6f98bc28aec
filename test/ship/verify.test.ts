import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { createEnv, findRunDirs, readRun, stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { testWith } from '../support/peers.ts';
import { LOKI_CONFIG, createAgentStack } from '../support/servers/agent.ts';
import { Collector } from '../support/servers/collector.ts';
import { Jaeger } from '../support/servers/jaeger.ts';
import { Loki } from '../support/servers/loki.ts';
import { untilTestEnds } from '../support/servers/server-process.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { toRows, verify } from '../support/verify.ts';
import { waitFor } from '../support/wait.ts';
import { START_SECONDS, makeRun } from '../view/support/make-run.ts';

const LONG = { timeout: 120_000 };
const SEND = fileURLToPath(new URL('../capture/receiver/programs/send.mjs', import.meta.url));

/** A project with a recent run: a stage, trials, `count` lines that are all the same in the same nanosecond. */
function setUp(count: number): { project: string; runDir: string } {
  const project = createTemporaryDir();
  const startMs = Date.now() - 60_000 - START_SECONDS * 1000;
  const { runDir } = makeRun({
    home: join(project, '.stagelight'),
    startMs,
    entries: (run) => [
      ...run.stage('train', [startMs + 100, startMs + 9000]),
      ...run.study('search', { stage: 'train', fromMs: startMs + 200, values: [0.5, undefined] }),
      ...Array.from({ length: count }, () =>
        run.log(startMs + 500, 'the same', { span: run.stageId('train') }),
      ),
    ],
  });
  return { project, runDir };
}

function configure(project: string, config: unknown): void {
  writeFileSync(join(project, 'stagelight.yaml'), JSON.stringify(config));
}

testWith('loki', 'jaeger', 'otelcol')(
  'a Collector, Jaeger and Loki hold what was declared: 10,000 identical lines too, and no more after a resend',
  LONG,
  async () => {
    const { project, runDir } = setUp(10_000);
    const jaeger = untilTestEnds(await Jaeger.create());
    // Ours: by default Loki splits a fast stream, and keeps what is sent twice in two parts of it.
    const loki = untilTestEnds(
      await Loki.create({ dir: createTemporaryDir(), config: LOKI_CONFIG }),
    );
    const collector = untilTestEnds(await Collector.create({ dir: createTemporaryDir() }));
    await Promise.all([jaeger.start(), loki.start(), collector.start()]);
    configure(project, {
      export: {
        collector: { endpoint: collector.otlpUrl },
        jaeger: { endpoint: jaeger.otlpUrl, signals: ['traces'] },
        loki: { endpoint: loki.otlpUrl, signals: ['logs'] },
      },
      verify: { jaeger: jaeger.url, loki: loki.url, files: collector.dir },
    });
    expect((await stagelight(project, ['push', '--all'])).exitCode).toBe(0);
    const first = await verify(project, ['--wait', '3']);
    const declared = {
      logs: [...readRecords(join(runDir, FILE.logs))].length,
      traces: [...readSpans(join(runDir, FILE.traces))].length,
      metrics: 1, // how long it took
    };
    expect(declared.logs).toBeGreaterThan(10_000);
    expect(first).toMatchObject({ complete: true, exitCode: 0 });
    expect(toRows(first)).toEqual([
      ['files', 'logs', 0, 0],
      ['files', 'traces', 0, 0],
      ['jaeger', 'traces', 0, 0],
      ['loki', 'logs', 0, 0],
    ]);
    expect(first.declared).toEqual(declared);
    // Once more, wholly: Loki and Jaeger tell what they have already; files don't.
    expect((await stagelight(project, ['push', 'latest'])).exitCode).toBe(0);
    let again = first;
    await waitFor(async () => {
      again = await verify(project);
      const files = again.stores.filter(({ kind }) => kind === 'files');
      return files.every(({ doubled, declared: count }) => doubled === count);
    }, 60_000);
    expect(toRows(again)).toEqual([
      ['files', 'logs', 0, declared.logs],
      ['files', 'traces', 0, declared.traces],
      ['jaeger', 'traces', 0, 0],
      ['loki', 'logs', 0, 0],
    ]);
  },
);

testWith('otelcol')(
  'what a backend has lost is named and sent by --repair, and nothing else',
  LONG,
  async () => {
    const { project, runDir } = setUp(100);
    const collector = untilTestEnds(await Collector.create({ dir: createTemporaryDir() }));
    await collector.start();
    configure(project, {
      export: { collector: { endpoint: collector.otlpUrl } },
      verify: { files: collector.dir },
    });
    await stagelight(project, ['push', '--all']);
    await verify(project, ['--wait', '20']);
    await collector.stop();
    // As a crash does: the file's last part is gone.
    const path = join(collector.dir, 'logs.jsonl');
    const lost = [...readRecords(path)].length - 1;
    writeFileSync(path, '');
    writeFileSync(join(collector.dir, 'traces.jsonl'), '');
    await collector.start();
    const spoiled = await verify(project, ['--wait', '0']);
    expect(spoiled).toMatchObject({ complete: false, exitCode: 1 });
    expect(spoiled.stores[0]).toMatchObject({
      kind: 'files',
      signal: 'logs',
      received: 0,
      missing: lost + 1,
      cause: expect.stringContaining('Collector') as string,
    });
    const repaired = await verify(project, ['--repair', '--wait', '3']);
    expect(repaired).toMatchObject({ complete: true, exitCode: 0 });
    const spanCount = [...readSpans(join(runDir, FILE.traces))].length;
    expect(repaired.repaired).toMatchObject({ sentCount: lost + 1 + spanCount });
    expect(repaired.stores.every(({ doubled }) => doubled === 0)).toBe(true);
    const untouched = await verify(project, ['--repair', '--wait', '0']);
    expect(untouched.repaired).toMatchObject({ sentCount: 0 });
  },
);

test('a store that cannot be asked is no proof of anything', async () => {
  const { project } = setUp(1);
  configure(project, { verify: { jaeger: 'http://user:the-password@127.0.0.1:9' } });
  const { stdout, exitCode } = await stagelight(project, ['verify', '--wait', '0']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain("can't be asked");
  expect(stdout).not.toContain('the-password');
});

test('Tempo is asked as its documentation says, trace by trace', async () => {
  const foreign = 'cd'.repeat(16);
  const { project, runDir } = setUp(1);
  appendSpan(runDir, foreign);
  const spans = [...readSpans(join(runDir, FILE.traces))];
  const tempo = await OtlpServer.start();
  tempo.behave = ({ path }, response) => {
    // It lacks the first span of each trace.
    const traceId = path.replace('/api/v2/traces/', '');
    const held = spans
      .filter((span) => span.traceId === traceId)
      .slice(1)
      .map(({ spanId }) => ({ spanId: Buffer.from(spanId, 'hex').toString('base64') }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ trace: { resourceSpans: [{ scopeSpans: [{ spans: held }] }] } }));
    return false;
  };
  configure(project, { verify: { tempo: tempo.url } });
  const verified = await verify(project, ['--wait', '0']);
  expect(verified.stores).toEqual([
    expect.objectContaining({
      kind: 'tempo',
      received: spans.length - 2,
      missing: 2,
      missingIds: [spans[0]!.spanId, spans.at(-1)!.spanId],
      cause: expect.stringContaining('sample') as string,
    }),
  ]);
  expect(new Set(tempo.requests.map(({ path }) => path.split('/').at(-1)))).toEqual(
    new Set([spans[0]!.traceId, foreign]),
  );
});

/** A copy of a run's first span, under a trace ID of its own. */
function appendSpan(runDir: string, traceId: string): void {
  const path = join(runDir, FILE.traces);
  const [line] = readFileSync(path, 'utf8').split('\n');
  const envelope = JSON.parse(line!) as {
    resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[];
  };
  const [scope] = envelope.resourceSpans[0]!.scopeSpans;
  scope!.spans = [{ ...scope!.spans[0]!, traceId }];
  writeFileSync(path, `${JSON.stringify(envelope)}\n`, { flag: 'a' });
}

test('with nothing to ask it says how to name it', async () => {
  const { project } = setUp(1);
  const { stderr, exitCode } = await stagelight(project, ['verify']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('verify: {jaeger:');
});

testWith('jaeger')(
  'the trace grows in Jaeger stage by stage, while the run goes on',
  LONG,
  async () => {
    const jaeger = untilTestEnds(await Jaeger.create());
    await jaeger.start();
    const project = createTemporaryDir();
    const command = `"$NODE" "$CLI" stage first -- true; touch first-done; while [ ! -e go-on ]; do sleep 0.1; done; "$NODE" "$CLI" stage second -- true`;
    const env = {
      STAGELIGHT_OTLP_ENDPOINT: jaeger.otlpUrl,
      NODE: process.execPath,
      CLI: (await import('../support/cli.ts')).CLI,
    };
    const run = stagelight(project, ['run', '--', 'bash', '-c', command], { env: createEnv(env) });
    await waitFor(() => findRunDirsOrNone(project).length > 0);
    const traceId = findRunDirs(project)[0]!.split('/').at(-1)!;
    const toNames = async (): Promise<string[]> =>
      (await jaeger.readTrace(traceId)).map(({ operationName }) => operationName).toSorted();
    await waitFor(async () => (await toNames()).includes('first'), 30_000);
    expect(await toNames()).toEqual(['first']);
    writeFileSync(join(project, 'go-on'), '');
    const { stderr } = await run;
    expect(stderr).toContain('it takes no logs');
    expect(await toNames()).toHaveLength(readRun(project).spans.length);
    expect((await stagelight(project, ['push'], { env })).stdout).toBe('nothing to send to otlp');
  },
);

testWith('jaeger', 'loki', 'otelcol')(
  'spans that a program sent under trace IDs of its own are looked for under these',
  LONG,
  async () => {
    const project = createTemporaryDir();
    const stack = await createAgentStack(createTemporaryDir());
    await Promise.all([stack.collector.start(), stack.jaeger.start(), stack.loki.start()]);
    configure(project, {
      export: { collector: { endpoint: stack.collector.otlpUrl } },
      verify: {
        jaeger: stack.jaeger.url,
        loki: stack.loki.url,
        files: join(stack.collector.dir, 'runs'),
      },
    });
    const args = ['run', '--otlp-receiver', '--flush-timeout', '60', '--', process.execPath, SEND];
    const { exitCode, stdout, stderr } = await stagelight(project, [...args, 'protobuf']);
    expect(exitCode, stderr).toBe(0);
    const { foreign } = JSON.parse(stdout) as { foreign: string };
    const spans = readRun(project).spans.filter(({ traceId }) => traceId === foreign);
    expect(spans.map(({ name }) => name).toSorted()).toEqual(['deeper', 'elsewhere']);
    const whole = await verify(project, ['--wait', '30']);
    expect(whole).toMatchObject({ complete: true, exitCode: 0 });
    expect(toRows(whole)).toEqual([
      ['files', 'logs', 0, 0],
      ['files', 'traces', 0, 0],
      ['files', 'metrics', 0, 0],
      ['jaeger', 'traces', 0, 0],
      ['loki', 'logs', 0, 0],
    ]);
    await stack.collector.stop();
    const { runId } = readRun(project).info;
    writeFileSync(join(stack.collector.dir, 'runs', runId, 'metrics.jsonl'), '');
    await stack.collector.start();
    const short = await verify(project, ['--wait', '0']);
    expect(short.stores.find(({ signal }) => signal === 'metrics')).toMatchObject({
      declared: whole.declared.metrics,
      received: 0,
      missingIds: expect.arrayContaining(['cicd.pipeline.run.duration']) as string[],
    });
    const resent = await verify(project, ['--repair', '--wait', '30']);
    expect(resent).toMatchObject({
      complete: true,
      repaired: { sentCount: whole.declared.metrics },
    });
    // Jaeger keeps traces in memory only: it lacks all of them now, and has them again.
    await stack.jaeger.stop();
    await stack.jaeger.start();
    const lost = await verify(project, ['--wait', '0']);
    expect(lost.stores.find(({ kind }) => kind === 'jaeger')).toMatchObject({
      received: 0,
      missing: readRun(project).spans.length,
      missingIds: expect.arrayContaining(spans.map(({ spanId }) => spanId)) as string[],
    });
    const { repaired } = await verify(project, ['--repair', '--wait', '0']);
    expect(repaired).toMatchObject({ sentCount: readRun(project).spans.length });
    const mended = await verify(project, ['--wait', '30']);
    expect(mended).toMatchObject({ complete: true, exitCode: 0 });
  },
);

function findRunDirsOrNone(project: string): string[] {
  try {
    return findRunDirs(project);
  } catch {
    return [];
  }
}
