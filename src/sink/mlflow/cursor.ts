import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SpanId } from '../../model/ids.ts';
import type { RefusedItem } from '../destination.ts';
import { readCursor, writeCursor } from '../../spool/cursor-file.ts';
import { FILE } from '../../spool/layout.ts';
import { readLines } from '../../spool/signal-reader.ts';

/** The destination's name. */
export const MLFLOW = 'mlflow';

/** What a run directory remembers of MLflow, in `cursor/mlflow.json`. Nearly all of it can be found out again. */
export interface MlflowCursor {
  readonly schema: 1;
  /** Where the runs are, without credentials. */
  readonly place: string;
  /** The pipeline's run in MLflow, once it is there. */
  readonly parent?: { readonly runId: string; readonly experimentId: string };
  /** All is written. */
  readonly isDone: boolean;
  /** The run did nothing, and has nothing in MLflow. */
  readonly isDiscarded?: boolean;
  /** Bytes of `traces.jsonl` whose spans are in MLflow's trace. */
  readonly spansSentBytes: number;
  /** What was refused or left out for good, for people. */
  readonly refused: readonly RefusedItem[];
  readonly refusedCount: number;
}

export function createCursor(place: string): MlflowCursor {
  return { schema: 1, place, isDone: false, spansSentBytes: 0, refused: [], refusedCount: 0 };
}

/** `undefined` where the run was never to be written to MLflow. */
export function readMlflowCursor(runDir: string): MlflowCursor | undefined {
  const cursor = readCursor(runDir, MLFLOW) as MlflowCursor | undefined;
  return cursor?.schema === 1 ? cursor : undefined;
}

/** @throws the file system's error. */
export function writeMlflowCursor(runDir: string, cursor: MlflowCursor): void {
  writeCursor(runDir, MLFLOW, cursor);
}

/** A trial or stage, and its run in MLflow. */
export interface TiedRun {
  readonly spanId: SpanId;
  readonly runId: string;
  readonly experimentId: string;
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
