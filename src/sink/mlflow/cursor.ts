import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SpanId } from '../../model/ids.ts';
import { FILE } from '../../spool/layout.ts';
import { readLines } from '../../spool/signal-reader.ts';

/** What a run directory remembers of MLflow, in `cursor/mlflow.json`. All of it can be found out again. */
export interface MlflowCursor {
  readonly schema: 1;
  /** Where the runs are, without credentials. */
  readonly place: string;
  readonly experimentId: string;
  /** The pipeline's run in MLflow. */
  readonly parentRunId: string;
  /** All is written. */
  readonly isDone: boolean;
  /** Bytes of `traces.jsonl` whose spans are in MLflow's trace. */
  readonly spansSentBytes: number;
  /** What was refused or left out for good, for people. */
  readonly refused: readonly { readonly what: string; readonly reason: string }[];
}

/** `undefined` where nothing was written yet. */
export function readCursor(runDir: string): MlflowCursor | undefined {
  try {
    const cursor = JSON.parse(readFileSync(toPath(runDir), 'utf8')) as MlflowCursor;
    return cursor.schema === 1 ? cursor : undefined;
  } catch {
    return undefined;
  }
}

/** @throws the file system's error. */
export function writeCursor(runDir: string, cursor: MlflowCursor): void {
  const path = toPath(runDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(cursor, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** A trial or stage, and its run in MLflow. */
export interface TiedRun {
  readonly spanId: SpanId;
  readonly runId: string;
  /** It is the user's own. */
  readonly isJoined: boolean;
}

/** Adds to what is known of runs: a line each, since there may be very many. @throws the file system's error. */
export function appendTiedRuns(runDir: string, runs: readonly TiedRun[]): void {
  if (runs.length === 0) return;
  mkdirSync(join(runDir, FILE.cursor), { recursive: true, mode: 0o700 });
  const lines = runs.map((run) => `${JSON.stringify(run)}\n`).join('');
  appendFileSync(toTiedPath(runDir), lines, { mode: 0o600 });
}

/** The runs of trials and stages, by span. Of several lines of one span the last counts. */
export function readTiedRuns(runDir: string): Map<SpanId, TiedRun> {
  const runs = new Map<SpanId, TiedRun>();
  for (const { bytes } of readLines(toTiedPath(runDir))) {
    try {
      const run = JSON.parse(bytes.toString('utf8')) as TiedRun;
      runs.set(run.spanId, run);
    } catch {
      // Torn by a process that was killed as it wrote it: it is found again.
    }
  }
  return runs;
}

function toTiedPath(runDir: string): string {
  return join(runDir, FILE.cursor, 'mlflow-runs.jsonl');
}

function toPath(runDir: string): string {
  return join(runDir, FILE.cursor, 'mlflow.json');
}
