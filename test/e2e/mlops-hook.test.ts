import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { toDurationMs } from '../../src/model/time.ts';
import type { StoredRecord, StoredSpan } from '../../src/spool/signal-reader.ts';
import { COUNTER_FOLDER, readCounted } from '../python/programs.ts';
import { readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { createMlopsProject } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';

const PEERS = ['git', 'dvc', 'mlflow', 'prefect'];
const test = testWith(...PEERS);

let folder: string;
let run: RecordedRun;
let stdout: string;

beforeAll(async () => {
  if (PEERS.some((name) => findProgram(name) === undefined)) return;
  folder = mkdtempSync(join(tmpdir(), 'stagelight-mlops-hook-'));
  const project = await createMlopsProject(folder);
  const env = { PYTHONPATH: COUNTER_FOLDER, COUNTED: join(folder, 'counted') };
  const result = await stagelight(project, ['run', '--', 'dvc', 'repro'], { env });
  expect(result.exitCode, result.stderr).toBe(0);
  stdout = result.stdout;
  run = readRun(project);
}, 300_000);

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe.sequential('the example, with the hook in its Python processes', () => {
  test('what logging emitted is in the run, once', () => {
    const counted = readCounted(join(folder, 'counted'));
    expect(counted.length).toBeGreaterThan(80);
    const told = run.lines.filter(isLogged);

    expect(told.map(({ logger, body }) => toText(logger, body)).toSorted()).toEqual(
      counted.map(([, , logger, message]) => toText(logger, message)).toSorted(),
    );
  });

  test('every line that was printed is in one record: its own, or the one that it shows', () => {
    const shown = stdout
      .split('\n')
      .filter((line) => line.includes('column area_error has a skew'));
    expect(shown).toHaveLength(1);
    for (const text of ['column area_error has a skew', 'class balance:', 'Trial 0 finished']) {
      const found = run.lines.filter(({ body }) => body.includes(text));
      expect(found.length, text).toBe(text.startsWith('Trial') ? 2 : 1);
    }
  });

  test('a record has its file, line, function, thread, process and stage', () => {
    const record = run.lines.find(({ body }) => body.startsWith('column area_error has a skew'))!;
    expect(record).toMatchObject({
      logger: '__main__',
      severity: 13,
      attributes: {
        'code.file.path': expect.stringMatching(/src\/validate\.py$/),
        'code.line.number': expect.any(Number),
        'code.function.name': expect.any(String),
        'thread.name': 'MainThread',
        'process.pid': expect.any(Number),
        'cicd.pipeline.task.name': 'validate',
      },
    });
  });

  test('trials have true start times, and their records lie in them', () => {
    const trials = run.spans.filter(({ name }) => name === 'trial');
    expect(trials).toHaveLength(14);
    for (const trial of trials) {
      expect(trial.attributes['mlops.inferred']).toBeUndefined();
      expect(toDurationMs(trial.start, trial.end)).toBeGreaterThan(0);
      expect(stageOf(trial)).toMatch(/^(?:tune|calibrate)$/);
      const finish = run.lines.find(
        ({ spanId, logger }) => spanId === trial.spanId && logger.startsWith('optuna'),
      );
      expect(finish?.body).toMatch(
        new RegExp(`^Trial ${Number(trial.attributes['optuna.trial.number'])} `),
      );
    }
    const hopeless = run.lines.find(({ body }) => body.startsWith('trial 4: hopeless'));
    expect(trials.some(({ spanId }) => spanId === hopeless?.spanId)).toBe(true);
  });

  test('no span is there twice, and none is left open', () => {
    const ids = run.spans.map(({ spanId }) => spanId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(run.info.counts?.dropped).toBe(0);
  });
});

function isLogged({ logger, attributes }: StoredRecord): boolean {
  return attributes['thread.name'] !== undefined && logger !== 'python';
}

function toText(logger: string, message: string): string {
  return `${logger}: ${message.slice(0, 200)}`;
}

function stageOf(span: StoredSpan): string | undefined {
  const stage = span.attributes['cicd.pipeline.task.name'];
  if (stage !== undefined) return String(stage);
  const around = run.spans.find(({ spanId }) => spanId === span.parentSpanId);
  return around === undefined ? undefined : stageOf(around);
}
