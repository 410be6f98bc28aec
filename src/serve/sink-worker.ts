import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SinkThreadData, SinkThreadMessage } from './thread.ts';

/**
 * What comes in is garbage as soon as it is written: with V8's own 48 MB for that, a backlog takes 30 MB more
 * (bench/mlflow-sink.mjs). Only a thread's bound can be set without an option of Node's.
 */
const MAX_YOUNG_MB = 6;
/** The less V8 may take, the sooner it clears away: with its own bound, gigabytes, a backlog takes 50 MB more. What the
 * largest request unpacks to takes half of it. */
const MAX_OLD_MB = 1024;

export interface SinkWorkerOptions extends SinkThreadData {
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (message: string) => void;
}

/** Why a sink didn't start; `code` is the system's, or `FOLDER_IN_USE`. */
export class SinkRefused extends Error {
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** The thread of a service, seen from the one that has the signals. */
export class SinkWorker {
  readonly #worker: Worker;
  /** Where it takes OTLP in. Fails with {@link SinkRefused} when it can't listen there, or can't have its folder. */
  readonly url: Promise<string>;
  /** Fails with what ends the thread unasked. */
  readonly ended: Promise<void>;
  #unsentCount = 0;

  constructor({ env, tell, ...data }: SinkWorkerOptions) {
    // dist/cli/ holds this file's bundle, with the thread's beside it.
    this.#worker = new Worker(new URL('./sink-thread.js', import.meta.url), {
      workerData: data,
      env,
      resourceLimits: {
        maxYoungGenerationSizeMb: MAX_YOUNG_MB,
        maxOldGenerationSizeMb: MAX_OLD_MB,
      },
    });
    this.ended = once(this.#worker, 'exit').then(() => {});
    this.url = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: SinkThreadMessage) => {
        if (message.type === 'listening') resolve(message.url);
        else if (message.type === 'note') tell(message.message);
        else if (message.type === 'stopped') this.#unsentCount = message.unsentCount;
        else {
          reject(new SinkRefused(message.message, message.code));
          void this.#worker.terminate();
        }
      });
      this.ended.then(() => reject(new Error('the service has ended')), reject);
    });
  }

  /** Stops taking anything in, and sending; gives how many runs are here that the next one sends. */
  async stop(): Promise<{ readonly unsentCount: number }> {
    this.#worker.postMessage('stop');
    await this.ended;
    return { unsentCount: this.#unsentCount };
  }
}
