import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { testWith } from '../support/peers.ts';
import { makeRecentRun } from '../support/recent-run.ts';
import { AGENT, Collector } from '../support/servers/collector.ts';
import { postRun } from '../support/servers/post-otlp.ts';
import { untilTestEnds } from '../support/servers/server-process.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

const FOLDER = fileURLToPath(new URL('../../collector-config/fragments', import.meta.url));
const NAMES = readdirSync(FOLDER).map((name) => name.replace('.yaml', ''));

interface Config {
  readonly extensions?: Record<string, unknown>;
  readonly processors: Record<string, unknown>;
  readonly exporters: Record<string, unknown>;
  readonly service: { readonly pipelines: Record<string, { exporters: string[] }> };
}

function readConfig(path: string): Config {
  return parse(readFileSync(path, 'utf8'), { merge: true }) as Config;
}

test.each(NAMES)('%s is a piece of agent.yaml', (name) => {
  const agent = readConfig(AGENT);
  const fragment = readConfig(join(FOLDER, `${name}.yaml`));
  expect(agent.extensions).toMatchObject(fragment.extensions ?? {});
  expect(agent.processors).toMatchObject(fragment.processors);
  expect(agent.exporters).toMatchObject(fragment.exporters);
  for (const [key, pipeline] of Object.entries(fragment.service.pipelines)) {
    const whole = agent.service.pipelines[key]!;
    // There one can turn it off by a variable.
    const exporters = pipeline.exporters.map((id) =>
      name === 'files' ? id : expect.stringContaining(`STAGELIGHT_TO_${name.toUpperCase()}`),
    );
    expect(whole).toEqual({ ...pipeline, exporters });
  }
});

test('together they are all of agent.yaml', () => {
  const pipelines = NAMES.flatMap((name) =>
    Object.keys(readConfig(join(FOLDER, `${name}.yaml`)).service.pipelines),
  );
  expect(pipelines.toSorted()).toEqual(Object.keys(readConfig(AGENT).service.pipelines).toSorted());
});

/** A Collector that somebody runs already. */
const USERS = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:\${env:OTELCOL_OTLP_PORT}" } } } }
exporters: { file/own: { path: "\${env:OTELCOL_DIR}/logs-own.jsonl" } }
service:
  extensions: [file_storage/stagelight]
  telemetry: { metrics: { level: none } }
  pipelines: { logs: { receivers: [otlp], exporters: [file/own] } }
`;

testWith('otelcol')(
  'they all go into a Collector that is there already, beside what it does',
  { timeout: 60_000 },
  async () => {
    const home = createTemporaryDir();
    const own = join(home, 'yours.yaml');
    writeFileSync(own, USERS);
    // Another Collector stands for each backend: it tells what it was sent.
    const backend = untilTestEnds(await Collector.create({ dir: join(home, 'backend') }));
    const collector = untilTestEnds(
      await Collector.create({
        dir: home,
        configs: [own, ...NAMES.map((name) => join(FOLDER, `${name}.yaml`))],
        env: Object.fromEntries(
          ['JAEGER', 'TEMPO', 'LOKI', 'MLFLOW_SINK'].map((name) => [
            `STAGELIGHT_${name}_ENDPOINT`,
            backend.otlpUrl,
          ]),
        ),
      }),
    );
    await Promise.all([backend.start(), collector.start()]);
    const { runDir, info } = makeRecentRun({
      home,
      entries: (run, at) => [
        ...run.stage('train', [at + 1, at + 9]),
        run.log(at + 2, 'hello', { span: run.stageId('train') }),
      ],
    });
    await postRun(collector.otlpUrl, runDir);
    const logs = [...readRecords(join(runDir, FILE.logs))];
    const spans = [...readSpans(join(runDir, FILE.traces))];
    // Logs to Loki and MLflow, traces to Jaeger, Tempo and MLflow.
    await waitFor(() => backend.readRecords().length >= 2 * logs.length);
    await waitFor(() => backend.readSpans().length >= 3 * spans.length);
    await waitFor(() => collector.readRecords(`runs/${info.runId}`).length >= logs.length);
    expect(collector.readRecords(`runs/${info.runId}`)).toEqual(logs);
    expect(backend.readRecords()).toHaveLength(2 * logs.length);
    expect(backend.readSpans()).toHaveLength(3 * spans.length);
    await collector.stop();
    expect([...readRecords(join(collector.dir, 'logs-own.jsonl'))]).toEqual(logs);
    expect(collector.log).not.toMatch(/deprecat/i);
    expect(collector.log).not.toMatch(/\t(?:warn|error)\t/);
  },
);
