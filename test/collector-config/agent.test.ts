import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import type { StoredRecord } from '../../src/spool/signal-reader.ts';
import { readRun, stagelight } from '../support/cli.ts';
import { testWith } from '../support/peers.ts';
import { makeRecentRun } from '../support/recent-run.ts';
import { createAgentStack } from '../support/servers/agent.ts';
import type { AgentStack } from '../support/servers/agent.ts';
import { toJaegerFacts, toSpanFacts } from '../support/servers/jaeger-facts.ts';
import { postOtlp } from '../support/servers/post-otlp.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { verify } from '../support/verify.ts';
import { waitFor } from '../support/wait.ts';

const test = testWith('otelcol', 'jaeger', 'loki');
const LIMIT = { timeout: 120_000 };
const WAIT_MS = 60_000;
const DAY_MS = 86_400_000;

/** A run of two stages, one with a study, that logs at all levels and ends in a failure. */
function makeVariedRun(home: string, ageMs?: number) {
  return makeRecentRun({
    home,
    ...(ageMs !== undefined && { ageMs }),
    result: 'failure',
    entries: (run, at) => [
      ...run.stage('ingest', [at + 100, at + 1000]),
      ...run.stage('tune', [at + 1000, at + 9000]),
      ...run.study('search', { stage: 'tune', fromMs: at + 2000, values: [0.5, undefined, 0.7] }),
      ...[0, 1, 5, 9, 13, 17, 21].map((severity, index) =>
        run.log(at + 3000 + index, `severity ${severity}`, {
          severity,
          severityText: severity > 0 ? `S${severity}` : '',
          span: run.stageId('tune'),
        }),
      ),
      run.log(at + 3500, 'ERROR is a word here', { severity: 0, severityText: '' }),
      run.metric(at + 4000, ['loss', Number.NaN], 'tune'),
    ],
  });
}

function toUids(records: readonly StoredRecord[]): string[] {
  return records.map(({ attributes }) => String(attributes['log.record.uid'])).toSorted();
}

function readLogs(runDir: string): StoredRecord[] {
  return [...readRecords(join(runDir, FILE.logs))];
}

async function readLokiUids({ loki }: AgentStack, runId: string): Promise<string[]> {
  const lines = await loki.query(`{service_instance_id="${runId}"}`);
  return lines.map(({ metadata }) => metadata['log_record_uid']!).toSorted();
}

/** Waits until Jaeger and Loki hold what a run declares. */
async function waitForRun(stack: AgentStack, runId: string, runDir: string): Promise<void> {
  const logCount = readLogs(runDir).length;
  const spanCount = [...readSpans(join(runDir, FILE.traces))].length;
  await waitFor(
    async () => (await stack.loki.count(`{service_instance_id="${runId}"}`)) >= logCount,
    WAIT_MS,
  );
  await waitFor(async () => (await stack.jaeger.readTrace(runId)).length >= spanCount, WAIT_MS);
}

/** Sends a run as its user would. */
async function pushRun({ collector }: AgentStack, runDir: string): Promise<void> {
  const [home, runId] = [join(runDir, '..', '..'), basename(runDir)];
  const env = { STAGELIGHT_DIR: home, STAGELIGHT_OTLP_ENDPOINT: collector.otlpUrl };
  const { exitCode, stdout, stderr } = await stagelight(home, ['push', runId], { env });
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
}

test('a run arrives in its folder, in Jaeger and in Loki as it was declared', LIMIT, async () => {
  const home = createTemporaryDir();
  const { runDir, info } = makeVariedRun(home);
  const stack = await createAgentStack(home);
  await Promise.all([stack.collector.start(), stack.jaeger.start(), stack.loki.start()]);
  await pushRun(stack, runDir);
  await waitForRun(stack, info.runId, runDir);

  const records = readLogs(runDir);
  const spans = [...readSpans(join(runDir, FILE.traces))];
  const folder = `runs/${info.runId}`;
  await waitFor(() => stack.collector.readSpans(folder).length === spans.length);
  expect(stack.collector.readRecords(folder)).toEqual(records);
  expect(stack.collector.readSpans(folder)).toEqual(spans);
  expect(readdirSync(join(stack.collector.dir, 'runs'))).toEqual([info.runId]);
  expect(stack.collector.readRecords('other')).toEqual([]);

  const found = await stack.jaeger.readTrace(info.runId);
  expect(found.map(toJaegerFacts).toSorted()).toEqual(spans.map(toSpanFacts).toSorted());
  expect(await readLokiUids(stack, info.runId)).toEqual(toUids(records));
  expect(stack.collector.log).not.toMatch(/deprecat/i);
  expect(stack.collector.log).not.toMatch(/\t(?:warn|error)\t/);
});

test('in Loki pipeline, stage and run are labels, the level is metadata', LIMIT, async () => {
  const home = createTemporaryDir();
  const { runDir, info } = makeVariedRun(home);
  const stack = await createAgentStack(home, { STAGELIGHT_TO_JAEGER: 'nop' });
  await Promise.all([stack.collector.start(), stack.loki.start()]);
  await pushRun(stack, runDir);
  const selector = `{cicd_pipeline_name="demo", service_instance_id="${info.runId}"}`;
  await waitFor(async () => (await stack.loki.count(selector)) >= readLogs(runDir).length, WAIT_MS);

  const tune = await stack.loki.query(
    `{service_instance_id="${info.runId}", cicd_pipeline_task_name="tune"} |= "severity "`,
  );
  expect(
    tune.map(({ line, metadata }) => [line, metadata['level'], metadata['severity_text']]),
  ).toEqual([
    ['severity 0', undefined, undefined],
    ['severity 1', 'trace', 'S1'],
    ['severity 5', 'debug', 'S5'],
    ['severity 9', 'info', 'S9'],
    ['severity 13', 'warn', 'S13'],
    ['severity 17', 'error', 'S17'],
    ['severity 21', 'fatal', 'S21'],
  ]);
  expect(tune[0]!.labels).toEqual({
    service_name: 'demo',
    service_instance_id: info.runId,
    cicd_pipeline_name: 'demo',
    cicd_pipeline_task_name: 'tune',
  });
  const [plain] = await stack.loki.query(`${selector} |= "ERROR is a word here"`);
  expect(plain!.metadata['level'] ?? plain!.metadata['detected_level']).toBeUndefined();
  expect(plain!.metadata['trace_id']).toBe(info.runId);
  const ends = await stack.loki.query(`${selector} | event_name="mlops.run.end"`);
  expect(ends.map(({ metadata }) => metadata['cicd_pipeline_result'])).toEqual(['failure']);
});

test(
  'what has no run ID, or one that no folder can have, is in the flat files',
  LIMIT,
  async () => {
    const home = createTemporaryDir();
    const stack = await createAgentStack(home, {
      STAGELIGHT_TO_JAEGER: 'nop',
      STAGELIGHT_TO_LOKI: 'nop',
    });
    await stack.collector.start();
    const ids = [undefined, '', '../../evil', 'a/b', 'x'.repeat(65), { intValue: '7' }, 'fine-1'];
    for (const [index, id] of ids.entries()) {
      const value = typeof id === 'string' ? { stringValue: id } : id;
      const resource = { attributes: value ? [{ key: 'cicd.pipeline.run.id', value }] : [] };
      const logRecords = [{ body: { stringValue: `record ${index}` } }];
      await postOtlp(
        `${stack.collector.otlpUrl}/v1/logs`,
        JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
      );
    }
    const toBodies = (folder: string): string[] =>
      stack.collector.readRecords(folder).map(({ body }) => body);
    await waitFor(() => toBodies('').length >= ids.length);
    expect(toBodies('other')).toEqual([0, 1, 2, 3, 4, 5].map((index) => `record ${index}`));
    expect(toBodies('runs/fine-1')).toEqual(['record 6']);
    expect(readdirSync(stack.collector.dir).toSorted()).toEqual(['other', 'queues', 'runs']);
  },
);

test('10,000 identical lines of one burst are 10,000, also after a resend', LIMIT, async () => {
  const home = createTemporaryDir();
  const stack = await createAgentStack(home, { STAGELIGHT_TO_JAEGER: 'nop' });
  await Promise.all([stack.collector.start(), stack.loki.start()]);
  const env = { STAGELIGHT_OTLP_ENDPOINT: stack.collector.otlpUrl };
  const burst = [process.execPath, '-e', 'process.stdout.write("the same\\n".repeat(10_000))'];
  for (const args of [
    ['run', '--flush-timeout', '60', '--', ...burst],
    ['push', 'latest'],
  ]) {
    const result = await stagelight(home, args, { env });
    expect(result.exitCode, result.stderr).toBe(0);
    const { info, records } = readRun(home);
    expect(records.filter(({ body }) => body === 'the same')).toHaveLength(10_000);
    await waitForMarker(stack, args[0]!);
    expect(await readLokiUids(stack, info.runId)).toEqual(toUids(records));
  }
  const { info, records } = readRun(home);
  expect(stack.collector.readRecords(`runs/${info.runId}`)).toHaveLength(2 * records.length);
});

/** Sends a last record and waits until it is in Loki: what was sent before it is then there, too. */
async function waitForMarker({ collector, loki }: AgentStack, body: string): Promise<void> {
  const attributes = [{ key: 'service.name', value: { stringValue: 'marker' } }];
  const logRecords = [{ timeUnixNano: `${Date.now()}000000`, body: { stringValue: body } }];
  await postOtlp(
    `${collector.otlpUrl}/v1/logs`,
    JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] }),
  );
  await waitFor(
    async () => (await loki.count(`{service_name="marker"} |= "${body}"`)) === 1,
    WAIT_MS,
  );
}

test(
  'with Jaeger down files and Loki go on, and Jaeger catches up, though the Collector was killed',
  LIMIT,
  async () => {
    const home = createTemporaryDir();
    const runs = [makeVariedRun(home), makeVariedRun(home), makeVariedRun(home)] as const;
    const stack = await createAgentStack(home);
    await Promise.all([stack.collector.start(), stack.loki.start()]);
    for (const [index, { runDir, info }] of runs.entries()) {
      if (index === 1) {
        await stack.collector.kill();
        await stack.collector.start();
      }
      await pushRun(stack, runDir);
      const uids = toUids(readLogs(runDir));
      await waitFor(
        async () => (await readLokiUids(stack, info.runId)).length >= uids.length,
        WAIT_MS,
      );
      expect(await readLokiUids(stack, info.runId)).toEqual(uids);
      const folder = `runs/${info.runId}`;
      await waitFor(() => stack.collector.readSpans(folder).length > 0);
      await waitFor(() => toUids(stack.collector.readRecords(folder)).length >= uids.length);
      expect(toUids(stack.collector.readRecords(folder))).toEqual(uids);
    }
    await stack.jaeger.start();
    for (const { runDir, info } of runs) await waitForRun(stack, info.runId, runDir);
    for (const { runDir, info } of runs) {
      const found = await stack.jaeger.readTrace(info.runId);
      const spans = [...readSpans(join(runDir, FILE.traces))];
      expect(found.map(toJaegerFacts).toSorted()).toEqual(spans.map(toSpanFacts).toSorted());
    }
  },
);

test(
  'a Collector killed in the middle of a run: everything is in Loki once, and in the files after --repair',
  LIMIT,
  async () => {
    const project = createTemporaryDir();
    const stack = await createAgentStack(project, { STAGELIGHT_TO_JAEGER: 'nop' });
    await Promise.all([stack.collector.start(), stack.loki.start()]);
    const config = {
      export: { collector: { endpoint: stack.collector.otlpUrl } },
      verify: { loki: stack.loki.url, files: join(stack.collector.dir, 'runs') },
    };
    writeFileSync(join(project, 'stagelight.yaml'), JSON.stringify(config));
    const print = `let n = 0; const timer = setInterval(() => {
      for (let i = 0; i < 100; i += 1) console.log('line ' + n++);
      if (n === 20_000) clearInterval(timer);
    }, 20)`;
    const command = [process.execPath, '-e', print];
    const running = stagelight(project, ['run', '--flush-timeout', '60', '--', ...command]);
    await waitFor(
      async () => (await stack.loki.count('{cicd_pipeline_name=~".+"}')) > 2000,
      WAIT_MS,
    );
    await stack.collector.kill();
    await stack.collector.start();
    expect((await running).exitCode).toBe(0);
    const { info, records } = readRun(project);
    expect(records.length).toBeGreaterThanOrEqual(20_000);
    await waitForMarker(stack, 'the end');
    expect(await readLokiUids(stack, info.runId)).toEqual(toUids(records));
    // What was in the files' buffer (50 ms) went with the Collector.
    await verify(project, ['--repair', '--wait', '1']);
    expect(await verify(project, ['--wait', '30'])).toMatchObject({ complete: true });
  },
);

test(
  'old records, in any order, are in Loki too; what it would refuse has `late`',
  LIMIT,
  async () => {
    const home = createTemporaryDir();
    const stack = await createAgentStack(home, { STAGELIGHT_TO_JAEGER: 'nop' });
    await Promise.all([stack.collector.start(), stack.loki.start()]);
    const runId = 'ab'.repeat(16);
    const ages = [
      0,
      6 * DAY_MS,
      8 * DAY_MS,
      3 * DAY_MS,
      15 * DAY_MS,
      8.5 * DAY_MS,
      8 * DAY_MS + 90 * 60_000,
    ];
    const future = Date.now() + 3 * 3_600_000;
    for (const timeMs of [...ages.map((ageMs) => Date.now() - ageMs), future]) {
      const logRecords = [
        { timeUnixNano: `${timeMs}000000`, body: { stringValue: `at ${timeMs}` } },
      ];
      const attributes = [{ key: 'service.instance.id', value: { stringValue: runId } }];
      await postOtlp(
        `${stack.collector.otlpUrl}/v1/logs`,
        JSON.stringify({
          resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }],
        }),
      );
      await waitFor(
        async () =>
          (await stack.loki.count(`{service_instance_id="${runId}"} |= "at ${timeMs}"`)) === 1,
        WAIT_MS,
      );
    }
    const lines = await stack.loki.query(`{service_instance_id="${runId}"}`);
    for (const { line, labels, metadata, time } of lines) {
      const said = Number(line.slice(3));
      if (said === future) {
        expect(metadata['original_timestamp']).toBe(`${future}000000`);
        continue;
      }
      expect(Number(time / 1_000_000n)).toBe(said);
      const date = new Date(said).toISOString();
      const isLate = Date.now() - said > 7 * DAY_MS;
      expect([labels['late'], labels['late_hour']]).toEqual(
        isLate ? [date.slice(0, 10), date.slice(11, 13)] : [undefined, undefined],
      );
    }
    expect(lines).toHaveLength(ages.length + 1);
    expect(stack.collector.log).not.toMatch(/\t(?:warn|error)\t/);
  },
);
