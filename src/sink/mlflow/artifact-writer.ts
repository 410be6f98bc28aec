import { statSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from '../../spool/layout.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { forEachInFlight } from './in-flight.ts';
import { isFault } from './mlflow-error.ts';
import { MAX_IN_FLIGHT } from './connect.ts';
import type { StageLogs } from './stage-logs.ts';

/** A file that grows is sent whole each time: at first often, then ever more rarely. */
const FIRST_INTERVAL_MS = 5000;
const INTERVAL_FACTOR = 1.5;
const LONGEST_INTERVAL_MS = 10 * 60_000;

export interface ArtifactWriterOptions {
  readonly api: MlflowApi;
  readonly run: MlflowRun;
  readonly runDir: string;
  readonly stageLogs: StageLogs;
  /** Told what keeps artifacts from being written, for good. */
  readonly onProblem: (reason: string) => void;
}

/** Keeps a run's logs in its artifacts: while it goes on what they are so far, at the end all of it. */
export class ArtifactWriter {
  readonly #options: ArtifactWriterOptions;
  /** How much of each file is there. */
  readonly #sent = new Map<string, number>();
  #intervalMs = FIRST_INTERVAL_MS;
  #nextMs = Date.now() + FIRST_INTERVAL_MS;
  /** This server takes none. */
  #isRefused = false;

  constructor(options: ArtifactWriterOptions) {
    this.#options = options;
  }

  /** The logs as they are now, where it is time again; gives whether anything was sent. */
  async renew(options?: CallOptions): Promise<boolean> {
    if (this.#isRefused || Date.now() < this.#nextMs) return false;
    const hasSent = await this.#send(this.#toLogs(), options);
    this.#intervalMs = Math.min(this.#intervalMs * INTERVAL_FACTOR, LONGEST_INTERVAL_MS);
    this.#nextMs = Date.now() + this.#intervalMs;
    return hasSent;
  }

  /** The run has ended: everything, as it is now for good. */
  async finish(options?: CallOptions): Promise<void> {
    const { runDir } = this.#options;
    const files = this.#toLogs();
    for (const name of [FILE.traces, FILE.logs, FILE.metrics]) {
      files.set(`otlp/${name}`, join(runDir, name));
    }
    files.set(REPORT, join(runDir, REPORT));
    await this.#send(files, options);
  }

  #toLogs(): Map<string, string> {
    const { runDir, stageLogs } = this.#options;
    const logs = new Map([[`logs/${FILE.text}`, join(runDir, FILE.text)]]);
    for (const [name, path] of stageLogs.files) logs.set(`logs/${name}`, path);
    return logs;
  }

  /** Sends what has grown; gives whether there was anything. */
  async #send(files: ReadonlyMap<string, string>, options?: CallOptions): Promise<boolean> {
    const grown = [...files]
      .map(([name, path]) => ({ name, path, sizeBytes: sizeOf(path) }))
      .filter(
        ({ name, sizeBytes }) => sizeBytes !== undefined && sizeBytes !== this.#sent.get(name),
      );
    await forEachInFlight(grown, MAX_IN_FLIGHT, async ({ name, path, sizeBytes }) => {
      if (!this.#isRefused) await this.#put({ name, path, sizeBytes: sizeBytes! }, options);
    });
    return grown.length > 0;
  }

  async #put(
    { name, path, sizeBytes }: { name: string; path: string; sizeBytes: number },
    options?: CallOptions,
  ): Promise<void> {
    const { api, run, onProblem } = this.#options;
    try {
      await api.caller.putArtifact({ run, path: name, body: { path, sizeBytes } }, options);
      this.#sent.set(name, sizeBytes);
    } catch (error) {
      if (!isFault(error, 'refused') && !isFault(error, 'missing')) throw error;
      // Several are under way at once.
      if (this.#isRefused) return;
      this.#isRefused = true;
      onProblem((error as Error).message);
    }
  }
}

/** The run's page as one file, where there is one. */
const REPORT = 'report.html';

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
