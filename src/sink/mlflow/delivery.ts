import type { RunInfo } from '../../model/run-info.ts';
import { readRunInfo } from '../../spool/run-file.ts';
import { BackOff } from '../back-off.ts';
import type { Delivery, DeliveryStatus, SentRun, StepOutcome } from '../destination.ts';
import type { CallOptions } from './api.ts';
import { Course } from './course.ts';
import { createCursor, readMlflowCursor } from './cursor.ts';
import { MlflowError } from './mlflow-error.ts';
import { RunReader } from './run-reader.ts';
import { RunWriter } from './run-writer.ts';
import { toPlace } from './settings.ts';
import type { MlflowSettings } from './settings.ts';
import { didWork, isAtWork } from './work.ts';

/** Of the run directory, in one step. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Trials that are written in one step. */
const TRIALS_A_STEP = 64;
/** Values that are held before trials are written though not all records are read: bounds the memory. */
const MAX_HELD_POINTS = 250_000;

/**
 * One run on its way to MLflow. It reads the run directory from its beginning whenever it is opened, and brings MLflow to
 * what it read: what is there already is found there, so that nothing is doubled however often it begins again.
 */
export class MlflowDelivery implements Delivery {
  readonly #run: SentRun;
  readonly #settings: MlflowSettings;
  readonly #backOff = new BackOff();
  #reader: RunReader;
  #course: Course;
  #writer: RunWriter;
  #isDone: boolean;
  #blocked: string | undefined;

  constructor(run: SentRun, settings: MlflowSettings) {
    this.#run = run;
    this.#settings = settings;
    const cursor = readMlflowCursor(run.runDir) ?? createCursor(toPlace(settings));
    this.#isDone = cursor.isDone;
    this.#reader = new RunReader(run.runDir);
    this.#course = new Course(run.runDir, run.info);
    this.#writer = new RunWriter({ ...run, settings, course: this.#course, cursor });
  }

  async step(signal: AbortSignal): Promise<StepOutcome> {
    if (this.#isDone) return { type: 'done' };
    const { waiting } = this.#backOff;
    if (waiting !== undefined) return { type: 'wait', ...waiting };
    try {
      const outcome = await this.#step({ signal });
      this.#backOff.succeed();
      this.#blocked = undefined;
      this.#isDone = outcome.type === 'done';
      return outcome;
    } catch (error) {
      return this.#toOutcome(error as Error);
    }
  }

  status(): DeliveryStatus {
    const problem = this.#blocked ?? this.#backOff.problem;
    const { refusals, notes, cursor } = this.#writer;
    return {
      pendingBytes: this.#isDone ? 0 : this.#countPending(),
      refused: refusals.items,
      refusedCount: refusals.count,
      ...(problem !== undefined && { problem }),
      ...(cursor.isDiscarded === true && { hasNothing: true }),
      ...(notes.length > 0 && { notes }),
    };
  }

  /** What isn't done isn't sent, whatever is read of it; where MLflow has nothing yet, none of it is. */
  #countPending(): number {
    const { pendingBytes, totalBytes } = this.#reader;
    return Math.max(1, this.#writer.cursor.parent === undefined ? totalBytes : pendingBytes);
  }

  restart(): void {
    const { runDir, info } = this.#run;
    this.close();
    this.#isDone = false;
    this.#reader = new RunReader(runDir);
    this.#course = new Course(runDir, info);
    this.#writer = new RunWriter({
      runDir,
      info,
      settings: this.#settings,
      course: this.#course,
      cursor: createCursor(toPlace(this.#settings)),
    });
  }

  close(): void {
    this.#writer.close();
  }

  async #step(options: CallOptions): Promise<StepOutcome> {
    const writer = this.#writer;
    writer.begin();
    const info = readRunInfo(this.#run.runDir) ?? this.#run.info;
    const hasRead =
      this.#course.series.count < MAX_HELD_POINTS && this.#reader.read(this.#course, PIECE_BYTES);
    if (hasRead) this.#course.stageLogs.flush();
    const hasAll = info.state !== 'running' && !hasRead && this.#course.root !== undefined;
    if (hasAll && !didWork(this.#course, info)) {
      await writer.discard(options);
      return { type: 'done' };
    }
    if (!hasAll && !this.#isWritable(info)) return { type: hasRead ? 'sent' : 'idle' };
    if (writer.store === undefined) {
      // Nothing is configured, and none of the run's programs uses MLflow.
      await writer.discard(options);
      return { type: 'done' };
    }

    const opening = await writer.open(options);
    if (opening.type === 'written') return { type: 'done' };
    if (opening.type === 'held') {
      return { type: 'wait', atMs: opening.untilMs, reason: 'another process writes this run' };
    }
    const hasWritten = await writer.write(
      { maxTrials: TRIALS_A_STEP, spansReadBytes: this.#reader.spansReadBytes },
      options,
    );
    if (!hasAll || hasWritten) return { type: hasRead || hasWritten ? 'sent' : 'idle' };
    await writer.finish(this.#course.root!, options);
    return { type: 'done' };
  }

  /**
   * While the run goes on, a database without a server is left to the pipeline's own programs: it locks. And of a run that
   * is received it is waited for what it is: its spans may come before the record that says so.
   */
  #isWritable(info: RunInfo): boolean {
    if (this.#settings.isSink === true && info.command.length === 0) return false;
    return isAtWork(this.#course, info) && this.#settings.store?.type === 'server';
  }

  #toOutcome(error: Error): StepOutcome {
    if (error instanceof MlflowError && error.fault !== 'retry') {
      this.#blocked = error.message;
      return { type: 'blocked', reason: error.message };
    }
    const asked = error instanceof MlflowError ? error.retryAtMs : undefined;
    const afterMs = asked === undefined ? undefined : Math.max(0, asked - Date.now());
    return { type: 'wait', ...this.#backOff.fail(error.message, afterMs) };
  }
}
