import { Worker } from 'node:worker_threads';
import { addTreeState } from '../merge/git-tree.ts';
import type { MergeThreadData, MergeThreadMessage } from '../merge/thread.ts';
import type { RunInfo } from '../model/run-info.ts';
import type { Tell } from './recording.ts';

/** A command that is over by then needs no thread: starting one costs 40 ms of CPU (bench/startup.mjs). */
const THREAD_AFTER_MS = 150;
/** More output than this isn't merged where signals have to be handled. */
const MAX_BYTES_HERE = 1024 * 1024;
/** Lines are garbage as soon as they are written: with V8's own 48 MB for that, a flood of hostile ones takes 30 MB more. */
const MAX_YOUNG_MB = 16;

export interface MergingOptions extends MergeThreadData {
  readonly tell: Tell;
}

/**
 * The merge of a run, seen from the thread that captures it: in a thread of its own, unless the command is over in a
 * moment.
 */
export class Merging {
  readonly #options: MergingOptions;
  /** The run, with what git says of its tree as the command begins. */
  readonly #described: Promise<RunInfo>;
  readonly #timer: NodeJS.Timeout;
  #worker: Promise<MergeWorker> | undefined;

  constructor(options: MergingOptions) {
    this.#options = options;
    this.#described = addTreeState(options.info);
    this.#timer = setTimeout(() => this.#startWorker(), THREAD_AFTER_MS);
  }

  /** Everything is in the inboxes, so many bytes: waits until it is merged. `undefined` when that failed. */
  async finish(bytes: number): Promise<RunInfo | undefined> {
    clearTimeout(this.#timer);
    if (this.#worker === undefined && bytes <= MAX_BYTES_HERE) return await this.#mergeHere();
    return await (await this.#startWorker()).finish();
  }

  #startWorker(): Promise<MergeWorker> {
    return (this.#worker ??= this.#described.then(
      (info) => new MergeWorker({ ...this.#options, info }),
    ));
  }

  async #mergeHere(): Promise<RunInfo | undefined> {
    const { tell, ...data } = this.#options;
    try {
      const { mergeRun } = await import('../merge/merge-run.ts');
      const how = {
        ended: AbortSignal.abort(),
        onFault: (message: string) => tellFault(tell, message),
      };
      return await mergeRun({ ...data, info: await this.#described }, how);
    } catch (error) {
      tellFailure(tell, error as Error);
      return undefined;
    }
  }
}

/** The thread that merges a run. */
class MergeWorker {
  readonly #worker: Worker;
  readonly #done: Promise<RunInfo | undefined>;

  constructor({ tell, ...data }: MergingOptions) {
    // dist/cli/ holds this file's bundle, with the thread's beside it.
    this.#worker = new Worker(new URL('./merge-thread.js', import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    this.#done = new Promise((resolve) => {
      this.#worker.on('message', (message: MergeThreadMessage) => {
        if (message.type === 'done') resolve(message.info);
        else tellFault(tell, message.message);
      });
      this.#worker.on('error', (error) => tellFailure(tell, error));
      this.#worker.on('exit', () => resolve(undefined));
    });
  }

  async finish(): Promise<RunInfo | undefined> {
    this.#worker.postMessage('end');
    return await this.#done;
  }
}

function tellFault(tell: Tell, message: string): void {
  tell(`can't write the run: ${message}; the command goes on`);
}

function tellFailure(tell: Tell, { message }: Error): void {
  tell(
    `the recording failed: ${message}; what was printed is kept and read by the next stagelight command`,
  );
}
