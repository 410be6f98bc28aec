import { Worker } from 'node:worker_threads';
import type { MergeThreadData, MergeThreadMessage } from '../merge/thread.ts';
import type { RunInfo } from '../model/run-info.ts';

/** Lines are garbage as soon as they are written: with V8's own 48 MB for that, a flood of hostile ones takes 30 MB more. */
const MAX_YOUNG_MB = 16;

/** The thread that merges a run, seen from the thread that captures it. */
export class MergeWorker {
  readonly #worker: Worker;
  readonly #done: Promise<RunInfo | undefined>;

  constructor(options: MergeThreadData & { tell: (message: string) => void }) {
    const { tell, ...data } = options;
    // dist/cli/ holds this file's bundle, with the thread's beside it.
    this.#worker = new Worker(new URL('./merge-thread.js', import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    this.#done = new Promise((resolve) => {
      this.#worker.on('message', (message: MergeThreadMessage) => {
        if (message.type === 'done') resolve(message.info);
        else tell(`can't write the run: ${message.message}; the command goes on`);
      });
      this.#worker.on('error', (error) => {
        tell(
          `the recording failed: ${error.message}; what was printed is kept and read by the next stagelight command`,
        );
      });
      this.#worker.on('exit', () => resolve(undefined));
    });
  }

  /** Everything is in the inboxes: waits until it is merged. `undefined` when that failed. */
  async finish(): Promise<RunInfo | undefined> {
    this.#worker.postMessage('end');
    return await this.#done;
  }
}
