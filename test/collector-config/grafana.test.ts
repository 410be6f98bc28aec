import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { parse } from 'yaml';
import { FILE } from '../../src/spool/layout.ts';
import { readSpans } from '../../src/spool/signal-reader.ts';
import { readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { createMlopsProject } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { makeRecentRun } from '../support/recent-run.ts';
import { LOKI_CONFIG } from '../support/servers/agent.ts';
import { AGENT, Collector } from '../support/servers/collector.ts';
import { Jaeger } from '../support/servers/jaeger.ts';
import { Loki } from '../support/servers/loki.ts';
import { postOtlp, postRun } from '../support/servers/post-otlp.ts';
import { waitFor } from '../support/wait.ts';

const PEERS = ['otelcol', 'jaeger', 'loki', 'git', 'dvc', 'mlflow'];
const test = testWith(...PEERS);
const RESULT = 'cicd.pipeline.task.run.result';
const STATE = 'optuna.trial.state';
const GRAFANA = fileURLToPath(new URL('../../collector-config/grafana', import.meta.url));

interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly query?: string;
  readonly queryType?: string;
}

interface Dashboard {
  readonly uid: string;
  readonly templating: {
    readonly list: { name: string; type: string; query: unknown; allValue?: string }[];
  };
  readonly panels: { title: string; datasource: { uid: string }; targets: Target[] }[];
}

function readDashboard(name: string): Dashboard {
  return JSON.parse(readFileSync(join(GRAFANA, 'dashboards', `${name}.json`), 'utf8')) as Dashboard;
}

/** What a run of the example leaves at each backend. All tests read, none writes. */
let home: string;
let example: RecordedRun;
let failed: { runId: string };
let silent: { runId: string };
let jaeger: Jaeger;
let loki: Loki;
let collector: Collector;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  home = mkdtempSync(join(tmpdir(), 'stagelight-grafana-'));
  jaeger = await Jaeger.create();
  loki = await Loki.create({ dir: home, config: LOKI_CONFIG });
  collector = await Collector.create({
    dir: home,
    configs: [AGENT],
    env: {
      STAGELIGHT_JAEGER_ENDPOINT: jaeger.otlpUrl,
      STAGELIGHT_LOKI_ENDPOINT: loki.otlpUrl,
      STAGELIGHT_TO_TEMPO: 'nop',
    },
  });
  await Promise.all([jaeger.start(), loki.start(), collector.start()]);
  const project = await createMlopsProject(home);
  // It is sent while it goes on; what follows is sent as it lies there.
  const env = { STAGELIGHT_OTLP_ENDPOINT: collector.otlpUrl };
  const result = await stagelight(project, ['run', '--flush-timeout', '60', '--', 'dvc', 'repro'], {
    env,
  });
  expect(result.exitCode, result.stderr).toBe(0);
  example = readRun(project);
  const failedRun = makeRecentRun({ home, result: 'failure', entries: () => [] });
  const silentRun = makeRecentRun({ home, ageMs: 600_000, durationMs: 0, entries: () => [] });
  failed = failedRun.info;
  silent = silentRun.info;
  await postRun(collector.otlpUrl, failedRun.runDir);
  await postStart(silentRun.runDir);
  await waitFor(
    async () => (await loki.count('{service_name=~".+"}')) >= example.records.length + 3,
  );
  await waitFor(
    async () => (await jaeger.readTrace(example.info.runId)).length === example.spans.length,
  );
}, 360_000);

afterAll(async () => {
  await Promise.all([collector, jaeger, loki].map((server) => server?.stop()));
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
}, 60_000);

/** Sends no more of a run than its first record, as of one that was killed. */
async function postStart(runDir: string): Promise<void> {
  const [line] = readFileSync(join(runDir, FILE.logs), 'utf8').split('\n');
  const envelope = JSON.parse(line!) as {
    resourceLogs: { scopeLogs: { logRecords: { eventName: string }[] }[] }[];
  };
  for (const { scopeLogs } of envelope.resourceLogs)
    for (const scope of scopeLogs)
      scope.logRecords = scope.logRecords.filter(
        ({ eventName }) => eventName === 'mlops.run.start',
      );
  await postOtlp(`${collector.otlpUrl}/v1/logs`, JSON.stringify(envelope));
}

/** A query as Grafana sends it: with its variables filled in. */
function fillIn(query: string, more: Record<string, string> = {}): string {
  const values: Record<string, string> = {
    $__interval: '1d',
    $__range: '1d',
    $pipeline: '.+',
    ...readAllValues(),
    $run: example.info.runId,
    ...more,
  };
  return query.replaceAll(/\$(?:__)?\w+/g, (name) => {
    if (values[name] === undefined) throw new Error(`no value for ${name}`);
    return values[name];
  });
}

/** What variables are when everything is chosen. */
function readAllValues(): Record<string, string> {
  const variables = ['runs', 'run'].flatMap((name) => readDashboard(name).templating.list);
  return Object.fromEntries(
    variables.flatMap(({ name, allValue }) =>
      allValue === undefined ? [] : [[`$${name}`, allValue]],
    ),
  );
}

type Row = Record<string, string>;

/** The lines that a log query finds: labels, metadata and the line itself as `line`. */
async function askLines(query: string): Promise<Row[]> {
  const lines = await loki.query(query);
  return lines.map(({ line, labels, metadata, parsed }) => ({
    ...labels,
    ...metadata,
    ...parsed,
    line,
  }));
}

async function askNumbers(query: string): Promise<Row[]> {
  const found = await loki.queryNumbers(query);
  return [...found].map(([labels, value]) => ({
    ...(JSON.parse(labels) as Row),
    value: String(value),
  }));
}

const toColumn = (rows: readonly Row[], name: string): string[] =>
  rows.map((row) => row[name] ?? '');

/** What each panel's query has to find, by its title and its letter. */
const EXPECTED: Record<string, (rows: readonly Row[]) => void> = {
  'Runs A': (rows) => expect(toColumn(rows, 'value')).toEqual(['2']),
  'Succeeded A': (rows) => expect(toColumn(rows, 'value')).toEqual(['0.5']),
  'Running now A': (rows) => expect(toColumn(rows, 'value')).toEqual(['0']),
  'Results over time A': (rows) =>
    expect(rows).toEqual([
      { cicd_pipeline_result: 'failure', value: '1' },
      { cicd_pipeline_result: 'success', value: '1' },
    ]),
  'runs Duration A': (rows) => {
    const found = Object.fromEntries(
      rows.map(({ service_instance_id: id, value }) => [id!, Number(value)]),
    );
    expect(found).toEqual({ [example.info.runId]: toSeconds(), [failed.runId]: 10 });
  },
  'runs Errors A': (rows) => expect(rows).toEqual([]), // the example has none, though a trial fails
  'All runs A': (rows) =>
    expect(toColumn(rows, 'cicd_pipeline_result').toSorted()).toEqual(['failure', 'success']),
  'Result A': (rows) => expect(rows).toEqual([{ cicd_pipeline_result: 'success', value: '1' }]),
  'run Duration A': (rows) => expect(Number(rows[0]!['value'])).toBe(toSeconds()),
  'Lines by level A': (rows) =>
    expect(Object.fromEntries(rows.map(({ level, value }) => [level!, Number(value)]))).toEqual(
      countLevels(),
    ),
  'Stages A': (rows) =>
    expect(toColumn(rows, 'cicd_pipeline_task_name').toSorted()).toEqual(
      example.spans
        .filter(({ attributes }) => attributes['dvc.stage.name'] !== undefined)
        .map(({ name }) => name)
        .toSorted(),
    ),
  'Lines by stage and level A': (rows) => {
    const total = rows.reduce((sum, { value }) => sum + Number(value), 0);
    const counted = Object.values(countLevels()).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(counted);
    expect(toColumn(rows, 'cicd_pipeline_task_name')).toContain('tune');
  },
  'run Errors A': (rows) => {
    expect(rows).toHaveLength(1);
    expect(rows[0]!['line']).toMatch(
      /^Trial 6 failed[^]*\nTraceback[^]*ValueError: training diverged/,
    );
  },
  'Trials A': (rows) =>
    expect(rows.map(({ number, value }) => [Number(number), Number(value)])).toEqual(
      readTrials()
        .filter(([, value]) => value !== undefined)
        .map(([number, value]) => [number, value]),
    ),
  // Optuna says the best with each trial that is complete.
  'Trials B': (rows) => {
    let best = -Infinity;
    const expected = readTrials()
      .filter(([, , state]) => state === 'COMPLETE')
      .map(([number, value]) => [number, (best = Math.max(best, value!))]);
    expect(rows.map((row) => [Number(row['number']), Number(row['best'])])).toEqual(expected);
  },
  'Metrics A': (rows) =>
    expect(toColumn(rows, 'mlops_metric_name').toSorted()).toEqual([
      'accuracy',
      'f1',
      'f1_high',
      'f1_low',
      'roc_auc',
    ]),
  'Logs A': (rows) => expect(rows).toHaveLength(example.lines.length),
};

function toSeconds(): number {
  const end = example.records.find(({ eventName }) => eventName === 'mlops.run.end')!;
  return Number(end.attributes['mlops.run.duration']);
}

function countLevels(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { severity } of example.records) {
    if (severity === 0) continue;
    const level = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][(severity - 1) >> 2]!;
    counts[level] = (counts[level] ?? 0) + 1;
  }
  return counts;
}

/** The trials of the stage `tune`, in their order. */
function readTrials(): [number: number, value: number | undefined, state: string][] {
  const spans = [...readSpans(join(example.runDir, FILE.traces))];
  return spans
    .filter(({ attributes }) => attributes['optuna.study.name'] === 'tune')
    .filter(({ name }) => name === 'trial')
    .map(({ attributes }): [number, number | undefined, string] => [
      Number(attributes['optuna.trial.number']),
      attributes['optuna.trial.value'] as number | undefined,
      String(attributes['optuna.trial.state']),
    ])
    .toSorted(([a], [b]) => a - b);
}

describe.sequential('Grafana', () => {
  for (const name of ['runs', 'run']) {
    const { panels } = readDashboard(name);
    for (const { title, targets } of panels) {
      for (const { refId, expr } of targets) {
        if (expr === undefined) continue;
        test(`the dashboard "${name}": ${title} (${refId}) finds what was sent`, async () => {
          const check = EXPECTED[`${name} ${title} ${refId}`] ?? EXPECTED[`${title} ${refId}`];
          expect(check, 'a query that no test expects anything of').toBeDefined();
          const isStudy = title === 'Trials';
          const query = fillIn(expr, isStudy ? { $stage: 'tune' } : {});
          const isMetric = /^\s*(?:sum|max|count)\b/.test(query);
          check!(isMetric ? await askNumbers(query) : await askLines(query));
        });
      }
    }
  }

  test('the example is in Jaeger: every stage and trial under its parent, with time and result', async () => {
    const found = await jaeger.readTrace(example.info.runId);
    const facts = found.map(({ spanID, parentSpanID, operationName, startTime, tags }) =>
      [spanID, parentSpanID, operationName, startTime, tags[RESULT], tags[STATE]].join(' '),
    );
    const expected = example.spans.map(({ spanId, parentSpanId, name, start, attributes }) => {
      const startUs = start[0] * 1e6 + Math.floor(start[1] / 1000);
      return [spanId, parentSpanId, name, startUs, attributes[RESULT], attributes[STATE]].join(' ');
    });
    expect(facts.toSorted()).toEqual(expected.toSorted());
  });

  test('the values of their variables are there', async () => {
    const found: Record<string, string[]> = {};
    for (const name of ['runs', 'run']) {
      for (const { name: variable, type, query } of readDashboard(name).templating.list) {
        if (type !== 'query') continue;
        const { label, stream } = query as { label: string; stream: string };
        found[variable] = await loki.readLabel(label, { selector: fillIn(stream) });
      }
    }
    expect(found['pipeline']!.toSorted()).toEqual(['demo', 'project']);
    expect(found['run']).toHaveLength(3);
    expect(found['stage']).toContain('features@raw');
  });

  test('a failed run raises an alert, and so does one that gives no sign of life', async () => {
    const path = join(GRAFANA, 'provisioning/alerting/stagelight.yaml');
    const { groups } = parse(readFileSync(path, 'utf8')) as {
      groups: { rules: { uid: string; data: { model: { expr: string } }[] }[] }[];
    };
    const firing: Record<string, string[]> = {};
    for (const { uid, data } of groups[0]!.rules)
      firing[uid] = toColumn(await askNumbers(data[0]!.model.expr), 'service_instance_id');
    expect(firing).toEqual({
      'stagelight-run-failed': [failed.runId],
      'stagelight-heartbeat-missing': [silent.runId],
    });
  });

  test('from a span to its lines and back', async () => {
    const { datasources } = parse(
      readFileSync(join(GRAFANA, 'provisioning/datasources/stagelight.yaml'), 'utf8'),
      { merge: true },
    ) as { datasources: DataSource[] };
    const span = example.spans.find(({ name }) => name === 'tune')!;
    for (const { type, jsonData } of datasources) {
      const { tracesToLogsV2, derivedFields } = jsonData;
      if (type === 'loki') {
        expect(derivedFields!.map(({ datasourceUid }) => datasourceUid)).toEqual([
          'stagelight-tempo',
          'stagelight-jaeger',
          undefined,
        ]);
        continue;
      }
      const [tag] = tracesToLogsV2!.tags;
      expect(tag).toEqual({ key: 'service.instance.id', value: 'service_instance_id' });
      const query = tracesToLogsV2!.query
        .replace('$${__tags}', `${tag!.value}="${example.info.runId}"`)
        .replace('$${__span.spanId}', span.spanId);
      const rows = await askLines(query);
      expect(rows).toHaveLength(
        example.records.filter(({ spanId }) => spanId === span.spanId).length,
      );
      expect(new Set(toColumn(rows, 'trace_id'))).toEqual(new Set([example.info.runId]));
      const spans = await jaeger.readTrace(rows[0]!['trace_id']!);
      expect(spans.some(({ spanID }) => spanID === rows[0]!['span_id'])).toBe(true);
    }
  });

  test("every dashboard's data source is a variable", () => {
    for (const name of readdirSync(join(GRAFANA, 'dashboards')).map((file) => file.slice(0, -5))) {
      const { panels, templating } = readDashboard(name);
      const sources = templating.list.filter(({ type }) => type === 'datasource');
      for (const { title, datasource } of panels)
        expect(
          sources.map((source) => `\${${source.name}}`),
          title,
        ).toContain(datasource.uid);
    }
  });
});

interface DataSource {
  readonly type: string;
  readonly jsonData: {
    readonly tracesToLogsV2?: { readonly tags: { key: string; value: string }[]; query: string };
    readonly derivedFields?: { readonly datasourceUid?: string }[];
  };
}
