import { setTimeout as sleep } from 'node:timers/promises';
import type { RunId } from '../model/ids.ts';
import type { Delivery, Destination } from '../sink/destination.ts';
import { openDelivery } from '../ship/open-delivery.ts';
import { readRunInfo } from '../spool/run-file.ts';
import type { ReceivedRuns } from './received-runs.ts';

/** Runs that are sent at once: each holds what it has read. */
const MAX_SENDING = 4;
const LOOK_MS = 250;
const BLOCKED_MS = 60_000;
/** A run that nothing comes for makes room for others. */
const QUIET_MS = 60_000;

interface Sending {
  readonly delivery: Delivery;
  readonly close: () => void;
  nextMs: number;
}

/** Sends the runs of a service on, as they come in. */
export class Sender {
  readonly #runs: ReceivedRuns;
  readonly #destination: Destination;
  readonly #keepMs: number;
  readonly #tell: (message: string) => void;
  readonly #stop = new AbortController();
  readonly #sending = new Map<RunId, Sending>();
  /** Runs of which all is sent, and when something had last come for them. */
  readonly #done = new Map<RunId, number>();
  #problem: string | undefined;

  constructor(options: {
    readonly runs: ReceivedRuns;
    readonly destination: Destination;
    /** How long a run stays here when all of it is sent. */
    readonly keepMs: number;
    readonly tell: (message: string) => void;
  }) {
    this.#runs = options.runs;
    this.#destination = options.destination;
    this.#keepMs = options.keepMs;
    this.#tell = options.tell;
  }

  /** Sends until {@link Sender.stop}. */
  async run(): Promise<void> {
    for (const { runId } of this.#runs.list()) this.#runs.resume(runId);
    while (!this.#stop.signal.aborted) {
      this.#runs.settle();
      this.#choose();
      const before = Date.now();
      await Promise.all([...this.#sending].map(async ([runId, each]) => this.#step(runId, each)));
      const restMs = Math.max(10, LOOK_MS - (Date.now() - before));
      await sleep(restMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    for (const runId of this.#sending.keys()) this.#close(runId);
    this.#destination.close();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Runs that aren't sent to their end. */
  countUnsent(): number {
    return this.#runs.list().filter(({ runId }) => {
      const doneMs = this.#done.get(runId);
      return doneMs === undefined || this.#runs.readLastMs(runId) > doneMs;
    }).length;
  }

  /** Takes up runs that have something to send, and lets go of those that are done for long. */
  #choose(): void {
    for (const { runId, runDir } of this.#runs.list()) {
      const lastMs = this.#runs.readLastMs(runId);
      const doneMs = this.#done.get(runId);
      if (doneMs !== undefined && lastMs <= doneMs) {
        if (Date.now() - lastMs > this.#keepMs) this.#forget(runId);
        continue;
      }
      if (this.#sending.has(runId) || this.#sending.size >= MAX_SENDING) continue;
      this.#open(runId, { runDir, isAgain: doneMs !== undefined });
    }
  }

  #open(runId: RunId, { runDir, isAgain }: { runDir: string; isAgain: boolean }): void {
    const info = readRunInfo(runDir);
    if (info === undefined) return;
    const held = openDelivery(this.#destination, { runDir, info });
    if (held === undefined) return;
    if (isAgain) held.delivery.restart();
    this.#sending.set(runId, { ...held, nextMs: 0 });
  }

  async #step(runId: RunId, sending: Sending): Promise<void> {
    if (Date.now() < sending.nextMs) return;
    const lastMs = this.#runs.readLastMs(runId);
    for (;;) {
      const outcome = await sending.delivery.step(this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      if (outcome.type === 'wait' || outcome.type === 'blocked') {
        this.#note(outcome.reason);
        sending.nextMs = outcome.type === 'wait' ? outcome.atMs : Date.now() + BLOCKED_MS;
        return;
      }
      this.#problem = undefined;
      if (outcome.type === 'sent') continue;
      if (outcome.type === 'done') this.#done.set(runId, lastMs);
      const isQuiet = Date.now() - lastMs > QUIET_MS && this.#sending.size >= MAX_SENDING;
      if (outcome.type === 'done' || isQuiet) this.#close(runId);
      return;
    }
  }

  #close(runId: RunId): void {
    this.#sending.get(runId)?.close();
    this.#sending.delete(runId);
  }

  #forget(runId: RunId): void {
    this.#done.delete(runId);
    this.#runs.remove(runId);
  }

  #note(reason: string): void {
    if (this.#problem !== reason) this.#tell(reason);
    this.#problem = reason;
  }
}
