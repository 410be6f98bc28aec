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

/** The thread of a service, seen from the one that has the signals. */
export class SinkWorker {
  readonly #worker: Worker;
  /** Where it takes OTLP in. Fails when it can't listen there, or its folder can't be made. */
  readonly url: Promise<string>;
  /** Fails with what ends the thread unasked. */
  readonly ended: Promise<void>;

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
        else {
          reject(new Error(message.message));
          void this.#worker.terminate();
        }
      });
      this.ended.then(() => reject(new Error('the service has ended')), reject);
    });
  }

  /** Stops taking anything in, and sending; what is here is sent by the next one. */
  async stop(): Promise<void> {
    this.#worker.postMessage('stop');
    await this.ended;
  }
}
