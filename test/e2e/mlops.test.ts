import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parse } from 'yaml';
import { compareTimes, toDurationMs } from '../../src/model/time.ts';
import type { StoredSpan } from '../../src/spool/signal-reader.ts';
import { readRun, stagelight, toPrinted } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { changeParameter, createMlopsProject, runIn } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { waitFor } from '../support/wait.ts';

const PEERS = ['git', 'dvc', 'mlflow', 'prefect'];
const test = testWith(...PEERS);
const STAGES = [
  'ingest',
  'validate',
  'split',
  'features@raw',
  'features@scaled',
  'tune',
  'train',
  'calibrate',
  'evaluate',
];

let folder: string;
let project: string;
let plainProject: string;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  folder = mkdtempSync(join(tmpdir(), 'stagelight-mlops-'));
  project = await createMlopsProject(join(folder, 'with'));
  plainProject = await createMlopsProject(join(folder, 'without'));
}, 60_000);

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

// One project and its runs, one after the other: each builds on what the one before has left.
describe.sequential('a real DVC + Hydra + Optuna + MLflow + Prefect project', () => {
  let first: RecordedRun;

  test(
    'the first run: every stage ran, in its span, with its lines, trials and why',
    { timeout: 240_000 },
    async () => {
      const result = await stagelight(project, ['run', '--no-python-hook', '--', 'dvc', 'repro']);
      expect(result.exitCode, result.stderr).toBe(0);
      first = readRun(project);
      expect(first.info).toMatchObject({
        state: 'finished',
        result: 'success',
        pipeline: 'project',
      });
      expect(first.info.counts?.stages).toEqual({ success: STAGES.length });
      const stages = findStages(first);
      expect(stages.map(({ name }) => name).toSorted()).toEqual(STAGES.toSorted());
      expect(stages.every((span) => span.attributes['dvc.stage.outcome'] === 'ran')).toBe(true);
      expect(
        stages.every((span) => span.attributes['dvc.stage.changed']?.toString() === 'new'),
      ).toBe(true);
      expectOneTrace(first);
      expectStagesAsLocked(first, project);
      expectEveryLineOnce(first, result);
    },
  );

  test('its lines are leveled records inside the right stage', () => {
    const warning = first.lines.find(({ body }) => body.startsWith('column area_error has a skew'));
    expect(warning).toMatchObject({
      severity: 13,
      severityText: 'WARNING',
      attributes: { 'cicd.pipeline.task.name': 'validate' },
    });
    const print = first.lines.find(({ body }) => body === 'class balance:');
    expect(print).toMatchObject({
      severity: 0,
      attributes: { 'cicd.pipeline.task.name': 'validate' },
    });
    const pythonWarning = first.lines.find(({ logger }) => logger === 'py.warnings');
    expect(pythonWarning?.attributes).toMatchObject({
      'cicd.pipeline.task.name': 'validate',
      'log.iostream': 'stderr',
    });
    const mlflow = first.lines.find(({ logger }) => logger.startsWith('mlflow.'));
    expect(mlflow).toMatchObject({
      severity: 9,
      attributes: { 'cicd.pipeline.task.name': 'tune' },
    });
    const bar = first.records.filter(({ eventName }) => eventName === 'mlops.progress').at(-1);
    expect(bar?.attributes).toMatchObject({
      'cicd.pipeline.task.name': 'evaluate',
      'mlops.progress.current': 300,
      'mlops.progress.total': 300,
    });
  });

  test('its trials have their values, parameters and states, in the study of their stage', () => {
    const trials = (stage: string): StoredSpan[] => {
      const stageSpan = findStages(first).find(({ name }) => name === stage)!;
      const study = first.spans.find(
        (span) => span.name === 'study' && span.parentSpanId === stageSpan.spanId,
      )!;
      return first.spans
        .filter((span) => span.parentSpanId === study.spanId)
        .toSorted(byTrialNumber);
    };
    const tuned = trials('tune');
    expect(tuned.map(({ attributes }) => attributes['optuna.trial.state'])).toEqual([
      'COMPLETE',
      'COMPLETE',
      'COMPLETE',
      'COMPLETE',
      'PRUNED',
      'COMPLETE',
      'FAIL',
      'PRUNED',
    ]);
    expect(tuned[6]).toMatchObject({ isError: true, attributes: { 'error.type': 'ValueError' } });
    expect(tuned[0]!.attributes['optuna.trial.param.loss']).toBe('modified_huber');
    expect(tuned[0]!.attributes['optuna.trial.value']).toBeCloseTo(0.982, 3);
    expect(trials('calibrate')).toHaveLength(6);
  });

  test('what Hydra composed and DVC measured is with the stage', () => {
    const tune = findStages(first).find(({ name }) => name === 'tune')!;
    expect(tune.attributes['hydra.overrides']).toContain('tune.n_trials=8');
    expect(String(tune.attributes['hydra.config'])).toContain('n_trials: 8');
    // An interpolation that only Hydra can resolve stays as it stands.
    expect(String(tune.attributes['hydra.config'])).toContain('${hydra.run.dir}');
    const metrics = first.records.filter(
      ({ eventName, attributes }) =>
        eventName === 'mlops.metric' && attributes['cicd.pipeline.task.name'] === 'evaluate',
    );
    const measured = JSON.parse(readFileSync(join(project, 'metrics.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(metrics.length).toBeGreaterThan(0);
    for (const { attributes } of metrics) {
      const path = String(attributes['mlops.metric.name']).split('.');
      expect(attributes['mlops.metric.value']).toBe(
        path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], measured),
      );
    }
  });

  test('git, DVC and the lock file are as they are without us', { timeout: 240_000 }, async () => {
    await runIn(plainProject, ['dvc', 'repro']);
    expect(readFileSync(join(project, 'dvc.lock'), 'utf8')).toBe(
      readFileSync(join(plainProject, 'dvc.lock'), 'utf8'),
    );
    for (const command of [
      ['git', 'status', '--porcelain'],
      ['dvc', 'status'],
      ['dvc', 'data', 'status', '--json'],
    ] as const) {
      const [program, ...args] = command;
      expect(await runIn(project, [program, ...args])).toBe(
        await runIn(plainProject, [program, ...args]),
      );
    }
  });

  test(
    'the second run: every stage is skipped, with its reason and a link to the run that made its outputs',
    { timeout: 60_000 },
    async () => {
      await stagelight(project, ['run', '--no-python-hook', '--', 'dvc', 'repro']);
      const second = readRun(project);
      expect(second.info.counts?.stages).toEqual({ skip: STAGES.length });
      for (const span of findStages(second)) {
        expect(span.attributes).toMatchObject({
          'cicd.pipeline.task.run.result': 'skip',
          'dvc.stage.outcome': 'unchanged',
          'mlops.skip.reason': "didn't change",
        });
        const made = findStages(first).find(({ name }) => name === span.name)!;
        expect(span.links).toMatchObject([{ traceId: first.info.traceId, spanId: made.spanId }]);
      }
    },
  );

  test(
    'a changed parameter: the stages that it reaches ran, and say that it was the parameter',
    { timeout: 120_000 },
    async () => {
      changeParameter(project, 'n_trials: 6', 'n_trials: 7');
      await stagelight(project, ['run', '--no-python-hook', '--', 'dvc', 'repro']);
      const partial = readRun(project);
      expect(partial.info).toMatchObject({ result: 'success' });
      const calibrate = findStages(partial).find(({ name }) => name === 'calibrate')!;
      expect(calibrate.attributes['dvc.stage.outcome']).toBe('ran');
      expect(calibrate.attributes['dvc.stage.changed']).toContain('param:calibrate.n_trials');
      expect(partial.spans.filter(({ name }) => name === 'trial')).toHaveLength(7);
      expect(partial.info.counts?.stages['skip']).toBe(
        STAGES.length - partial.info.counts!.stages['success']!,
      );
    },
  );

  test(
    'a failing stage: its span has the exception, the run its failure, the code is DVC’s',
    { timeout: 120_000 },
    async () => {
      changeParameter(project, 'min_accuracy: 0.9', 'min_accuracy: 0.999');
      const result = await stagelight(project, ['run', '--no-python-hook', '--', 'dvc', 'repro']);
      expect(result.exitCode).toBe(255);
      const failing = readRun(project);
      expect(failing.info).toMatchObject({ result: 'failure', exitCode: 255 });
      const train = findStages(failing).find(({ name }) => name === 'train')!;
      expect(train).toMatchObject({
        isError: true,
        attributes: { 'dvc.stage.outcome': 'failed', 'error.type': 'ValueError' },
      });
      expect(train.message).toContain('is below 0.999');
      expect(train.events.map(({ name }) => name)).toEqual(['exception']);
      const [error] = failing.lines.filter(
        ({ attributes }) => attributes['exception.type'] !== undefined,
      );
      expect(error).toMatchObject({
        severity: 17,
        spanId: train.spanId,
        attributes: { 'exception.type': 'ValueError' },
      });
      expect(failing.info.firstError).toMatchObject({ stage: 'train' });
      const shown = await stagelight(project, ['show']);
      expect(shown.stdout).toContain('is below 0.999');
      changeParameter(project, 'min_accuracy: 0.999', 'min_accuracy: 0.9');
    },
  );

  test(
    'SIGINT in the middle: the stage that it hit is a cancelled one',
    { timeout: 120_000 },
    async () => {
      changeParameter(project, 'n_trials: 8', 'n_trials: 9');
      const running = stagelight(project, ['run', '--no-python-hook', '--', 'dvc', 'repro']);
      let shown = '';
      running.stderr.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await waitFor(() => shown.includes('Trial 1 finished'), 60_000);
      running.kill('SIGINT');
      await running;
      const cancelled = readRun(project);
      expect(cancelled.info).toMatchObject({
        state: 'finished',
        result: 'cancellation',
        errorType: 'SIGINT',
      });
      expect(findStages(cancelled).find(({ name }) => name === 'tune')?.attributes).toMatchObject({
        'cicd.pipeline.task.run.result': 'cancellation',
      });
      expect(cancelled.spans.filter(({ name }) => name === 'trial').length).toBeGreaterThanOrEqual(
        2,
      );
      changeParameter(project, 'n_trials: 9', 'n_trials: 8');
    },
  );

  test(
    'behind a Prefect flow: tasks, stages and trials are found through its prefix',
    { timeout: 240_000 },
    async () => {
      changeParameter(project, 'n_trials: 7', 'n_trials: 5');
      const result = await stagelight(project, [
        'run',
        '--no-python-hook',
        '--',
        'python',
        'flow.py',
      ]);
      expect(result.exitCode, result.stderr).toBe(0);
      const flow = readRun(project);
      expect(flow.info).toMatchObject({ result: 'success', kind: 'flow' });
      const parentOf = (span: StoredSpan): StoredSpan | undefined =>
        flow.spans.find(({ spanId }) => spanId === span.parentSpanId);
      const [flowSpan] = flow.spans.filter(({ name }) => name === 'breast-cancer');
      const repro = flow.spans.find(({ name }) => name === 'repro')!;
      expect(parentOf(repro)).toBe(flowSpan);
      const calibrate = findStages(flow).find(({ name }) => name === 'calibrate')!;
      expect(parentOf(calibrate)).toBe(repro);
      expect(calibrate.attributes['dvc.stage.outcome']).toBe('ran');
      expect(flow.spans.filter(({ name }) => name === 'trial')).toHaveLength(5);
      expect(
        findStages(flow).filter(({ attributes }) => attributes['dvc.stage.outcome'] === 'unchanged')
          .length,
      ).toBeGreaterThanOrEqual(6);
      expectOneTrace(flow);
      const noise = flow.lines.filter(({ body }) => /\d\d:\d\d:\d\d\.\d{3} \|/.test(body));
      expect(noise).toEqual([]);
    },
  );
});

/** The DVC stages of a run, in the order in which they began. */
function findStages(run: RecordedRun): StoredSpan[] {
  return run.spans
    .filter(({ attributes }) => attributes['dvc.stage.name'] !== undefined)
    .toSorted((a, b) => compareTimes(a.start, b.start));
}

function byTrialNumber(a: StoredSpan, b: StoredSpan): number {
  return Number(a.attributes['optuna.trial.number']) - Number(b.attributes['optuna.trial.number']);
}

/** Every span and record is in the run's trace; every parent is there; children lie within their parents. */
function expectOneTrace(run: RecordedRun): void {
  const byId = new Map(run.spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(run.spans.length);
  const roots = run.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(roots.map(({ traceId, name }) => [traceId, name])).toEqual([
    [run.info.runId, `RUN ${run.info.pipeline}`],
  ]);
  for (const span of run.spans) {
    const parent = span.parentSpanId === undefined ? span : byId.get(span.parentSpanId);
    expect(parent, `the parent of ${span.name}`).toBeDefined();
    expect(
      toDurationMs(parent!.start, span.start),
      `${span.name} begins in its parent`,
    ).toBeGreaterThanOrEqual(-1);
    expect(
      toDurationMs(span.end, parent!.end),
      `${span.name} ends in its parent`,
    ).toBeGreaterThanOrEqual(-1);
  }
  for (const record of run.records) {
    expect(record.traceId).toBe(run.info.runId);
    expect(byId.has(record.spanId), `the span of: ${record.body}`).toBe(true);
  }
}

/** Stage spans say what dvc.lock says. */
function expectStagesAsLocked(run: RecordedRun, root: string): void {
  const lock = parse(readFileSync(join(root, 'dvc.lock'), 'utf8')) as {
    stages: Record<string, { cmd: string | string[]; deps?: LockedFile[]; outs?: LockedFile[] }>;
  };
  expect(Object.keys(lock.stages).toSorted()).toEqual(
    findStages(run)
      .map(({ name }) => name)
      .toSorted(),
  );
  for (const span of findStages(run)) {
    const locked = lock.stages[span.name]!;
    expect(span.attributes['dvc.stage.cmd']).toBe([locked.cmd].flat().join('\n'));
    expect(span.attributes['dvc.outs']).toEqual(
      (locked.outs ?? []).map(({ path, md5, size }) => `${path} ${md5} ${size}`),
    );
    if (locked.deps)
      expect(span.attributes['dvc.deps']).toEqual(
        locked.deps.map(({ path, md5, size }) => `${path} ${md5} ${size}`),
      );
  }
}

interface LockedFile {
  readonly path: string;
  readonly md5: string;
  readonly size: number;
}

/** What was printed on each stream is what its records hold, line for line; progress bars apart. */
function expectEveryLineOnce(run: RecordedRun, printed: { stdout: string; stderr: string }): void {
  expect(toPrinted(run, 'stdout').join('\n')).toBe(printed.stdout);
  const lines = printed.stderr
    .split('\n')
    .filter((line) => !line.includes('\r') && !line.startsWith('stagelight: '));
  expect(toPrinted(run, 'stderr').join('\n')).toBe(lines.join('\n'));
}
