import type { Delivery, DeliveryStatus, SentRun, StepOutcome } from '../destination.ts';
import { readRunInfo } from '../../spool/run-file.ts';
import type { CallOptions } from './api.ts';
import { Course } from './course.ts';
import { readCursor } from './cursor.ts';
import { BackOff, toOutcome } from './outcome.ts';
import { RunReader } from './run-reader.ts';
import { RunWriter } from './run-writer.ts';
import type { MlflowSettings } from './settings.ts';
import { didWork } from './work.ts';

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
  readonly #reader: RunReader;
  readonly #course: Course;
  readonly #backOff = new BackOff();
  #writer: RunWriter | undefined;
  #isDone: boolean;
  #problem: string | undefined;
  #refused: DeliveryStatus['refused'];

  constructor(run: SentRun, settings: MlflowSettings) {
    this.#run = run;
    this.#settings = settings;
    this.#reader = new RunReader(run.runDir);
    this.#course = new Course(run.info);
    const cursor = readCursor(run.runDir);
    this.#isDone = cursor?.isDone ?? false;
    this.#refused = cursor?.refused ?? [];
  }

  async step(signal: AbortSignal): Promise<StepOutcome> {
    if (this.#isDone) return { type: 'done' };
    try {
      const outcome = await this.#step({ signal });
      this.#backOff.succeed();
      this.#problem = outcome.type === 'wait' ? outcome.reason : undefined;
      this.#isDone = outcome.type === 'done';
      return outcome;
    } catch (error) {
      const outcome = toOutcome(error, this.#backOff);
      this.#problem = (error as Error).message;
      return outcome;
    } finally {
      this.#refused = this.#writer?.refused ?? this.#refused;
    }
  }

  status(): DeliveryStatus {
    return {
      pendingBytes: this.#isDone ? 0 : this.#reader.pendingBytes,
      refused: this.#refused,
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }

  async #step(options: CallOptions): Promise<StepOutcome> {
    const info = readRunInfo(this.#run.runDir) ?? this.#run.info;
    const hasRead =
      this.#course.series.count < MAX_HELD_POINTS && this.#reader.read(this.#course, PIECE_BYTES);
    const isEnded = info.state !== 'running' && !hasRead && this.#course.root !== undefined;
    if (isEnded && !didWork(this.#course, info)) {
      await this.#openWriter().discard(options);
      return { type: 'done' };
    }
    if (!this.#course.hasWorked && !isEnded) return { type: hasRead ? 'sent' : 'idle' };

    const writer = this.#openWriter();
    const heldBackUntilMs = await writer.open(options);
    if (heldBackUntilMs !== undefined) {
      return { type: 'wait', atMs: heldBackUntilMs, reason: 'another process writes this run' };
    }
    const isAtEnd = isEnded && this.#course.trials.length === 0;
    const hasWritten = await writer.write({ maxTrials: TRIALS_A_STEP, isAtEnd }, options);
    if (!isAtEnd) return { type: hasRead || hasWritten ? 'sent' : 'idle' };
    await writer.finish(this.#course.root!, options);
    return { type: 'done' };
  }

  #openWriter(): RunWriter {
    this.#writer ??= new RunWriter({
      ...this.#run,
      settings: this.#settings,
      course: this.#course,
    });
    return this.#writer;
  }
}
