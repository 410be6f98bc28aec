import { Worker } from 'node:worker_threads';
import type { DeliveryReport } from '../ship/report.ts';
import type { ShipThreadData, ShipThreadMessage, ShipThreadOrder } from './ship-thread.ts';
import type { Tell } from './recording.ts';

export interface ShipWorkerOptions extends ShipThreadData {
  readonly env: NodeJS.ProcessEnv;
  readonly flushTimeoutMs: number;
  readonly tell: Tell;
}

/** What the thread may take beyond its time until it counts as hung. */
const GRACE_MS = 2000;

/** The thread that sends a run, seen from the thread that captures it. */
export class ShipWorker {
  readonly #worker: Worker;
  readonly #flushTimeoutMs: number;
  readonly #done: Promise<readonly DeliveryReport[]>;

  constructor({ env, flushTimeoutMs, tell, ...data }: ShipWorkerOptions) {
    this.#flushTimeoutMs = flushTimeoutMs;
    const url = new URL('./ship-thread.js', import.meta.url);
    this.#worker = new Worker(url, { workerData: data, env });
    this.#done = new Promise((resolve) => {
      this.#worker.on('message', (message: ShipThreadMessage) => {
        if (message.type === 'done') resolve(message.reports);
        else tell(`can't send this run: ${message.message}; it is kept, and the command goes on`);
      });
      this.#worker.on('error', (error) => {
        tell(`sending failed: ${error.message}; the run is kept: stagelight push sends it`);
      });
      this.#worker.on('exit', () => resolve([]));
    });
  }

  /** The run has ended: waits while it is being accepted, no longer than the time for it. */
  async finish(): Promise<readonly DeliveryReport[]> {
    const flushTimeoutMs = this.#flushTimeoutMs;
    this.#worker.postMessage({ flushTimeoutMs } satisfies ShipThreadOrder);
    const hung = setTimeout(() => void this.#worker.terminate(), flushTimeoutMs + GRACE_MS);
    const reports = await this.#done;
    clearTimeout(hung);
    return reports;
  }
}
