import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRunId } from '../model/ids.ts';
import type { RunId } from '../model/ids.ts';
import type { LoggingSettings } from '../model/run-info.ts';
import { FILE } from '../spool/layout.ts';
import { makeFolder } from '../spool/make-folder.ts';
import { readRunInfo } from '../spool/run-file.ts';
import { ReceivedRun } from './received-run.ts';
import { splitRequest } from './split-request.ts';
import type { ReceivedBatch, SignalNames } from './split-request.ts';

/** Runs whose items are known in memory; of another one they are read from its files when something comes for it. */
const MAX_OPEN = 16;
/** A run that has ended isn't held longer: should anything more come, it is opened again. */
const QUIET_MS = 5000;

/** The run directories of a service that takes runs in over OTLP. */
export class ReceivedRuns {
  readonly #folder: string;
  readonly #logging: LoggingSettings;
  /** The one that something came for last is the last. */
  readonly #open = new Map<RunId, ReceivedRun>();

  /** @throws the file system's error when its folder can't be made. */
  constructor(folder: string, logging: LoggingSettings) {
    this.#folder = join(folder, 'runs');
    this.#logging = logging;
    makeFolder(this.#folder, 0o700);
  }

  /**
   * Writes what a request brings to the directories of its runs.
   * @throws the file system's error: the request is to be sent again
   */
  take(request: Readonly<Record<string, unknown>>, names: SignalNames): { strayCount: number } {
    const { batches, strayCount } = splitRequest(request, names);
    for (const batch of batches) {
      try {
        this.#find(batch).append(batch);
      } catch (error) {
        // What is on disk is asked anew when it comes again.
        this.#open.delete(batch.runId);
        throw error;
      }
    }
    return { strayCount };
  }

  /** All runs that are here. */
  list(): { readonly runId: RunId; readonly runDir: string }[] {
    return readdirSync(this.#folder)
      .filter(isRunId)
      .map((runId) => ({ runId, runDir: join(this.#folder, runId) }));
  }

  /** Notes the ends of runs, and lets go of those that nothing comes for any more. */
  settle(): void {
    for (const [runId, run] of this.#open) {
      const isEnded = run.settle();
      if (isEnded && Date.now() - run.lastMs > QUIET_MS) this.#open.delete(runId);
    }
  }

  /** The run's directory goes; should anything more come, it is made anew. */
  remove(runId: RunId): void {
    this.#open.delete(runId);
    rmSync(join(this.#folder, runId), { recursive: true, force: true });
  }

  /** When something last came for a run, in Unix milliseconds. */
  readLastMs(runId: RunId): number {
    const runDir = join(this.#folder, runId);
    const times = [FILE.logs, FILE.traces, FILE.metrics].map(
      (name) => statSync(join(runDir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    return Math.max(...times);
  }

  /** Takes up a run that is here from before, whose end may have come without being noted. */
  resume(runId: RunId): void {
    const info = readRunInfo(join(this.#folder, runId));
    if (info === undefined || info.state !== 'running' || this.#open.has(runId)) return;
    this.#openRun({ runId, traceId: info.traceId, resource: info.resource });
  }

  #find(batch: ReceivedBatch): ReceivedRun {
    const run = this.#open.get(batch.runId) ?? this.#openRun(batch);
    this.#open.delete(batch.runId);
    this.#open.set(batch.runId, run);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN) break;
      this.#open.delete(oldest);
    }
    return run;
  }

  #openRun(of: Pick<ReceivedBatch, 'runId' | 'traceId' | 'resource'>): ReceivedRun {
    const runDir = join(this.#folder, of.runId);
    makeFolder(runDir, 0o700);
    const { runId, traceId, resource } = of;
    const run = new ReceivedRun({ runId, traceId, resource, runDir, logging: this.#logging });
    this.#open.set(runId, run);
    return run;
  }
}
