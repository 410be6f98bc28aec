import { setTimeout as sleep } from 'node:timers/promises';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';

/** What OpenTelemetry's exporters of all signals have in common. */
export interface ItemExporter<T> {
  export(items: T[], done: (result: ExportResult) => void): void;
}

export interface SendQueueOptions<T> {
  readonly exporter: ItemExporter<T>;
  /** About how many bytes of memory an item holds. */
  readonly sizeOf: (item: T) => number;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_BATCH = 1000;
/** How long the first item waits for others. */
const DELAY_MS = 200;
const FIRST_BACK_OFF_MS = 1000;
const MAX_BACK_OFF_MS = 30_000;
/** The longest pause while somebody waits for the end. */
const DRAIN_PAUSE_MS = 1000;
/** Statuses about what was sent. Whatever else goes wrong may pass. */
const ABOUT_CONTENT: readonly (number | undefined)[] = [400, 413, 422];

/**
 * Items on their way to a backend, in memory: kept until they are accepted, as long as there is room. (The SDK's batch
 * processors throw a batch away that isn't accepted at once, and what comes faster than it is sent, without a word.)
 */
export class SendQueue<T> {
  readonly #options: SendQueueOptions<T>;
  readonly #items: T[] = [];
  #bytes = 0;
  #batchLength = MAX_BATCH;
  #sending: Promise<void> | undefined;
  #drain = new AbortController();
  acceptedCount = 0;
  /** Items that there was no room for, and such as the backend refused. */
  lostCount = 0;
  /** Why the last request wasn't accepted. */
  problem: string | undefined;

  constructor(options: SendQueueOptions<T>) {
    this.#options = options;
  }

  /** What isn't accepted yet. */
  get length(): number {
    return this.#items.length;
  }

  add(item: T): void {
    const bytes = this.#options.sizeOf(item);
    if (this.#bytes + bytes > MAX_BYTES) {
      this.lostCount += 1;
      return;
    }
    this.#items.push(item);
    this.#bytes += bytes;
    this.#sending ??= this.#send();
  }

  /** Sends what is there now, without waiting for more, until all is accepted or `timeoutMs` are over. */
  async drain(timeoutMs: number): Promise<void> {
    this.#drain.abort();
    const patience = new AbortController();
    const tooLong = sleep(timeoutMs, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([this.#sending, tooLong]);
    patience.abort();
    this.#drain = new AbortController();
  }

  /** What wasn't accepted is lost. */
  clear(): void {
    this.lostCount += this.#items.length;
    this.#items.length = 0;
    this.#bytes = 0;
  }

  async #send(): Promise<void> {
    let backOffMs = FIRST_BACK_OFF_MS;
    await this.#pause(DELAY_MS);
    while (this.#items.length > 0) {
      const batch = this.#items.slice(0, this.#batchLength);
      const error = await this.#export(batch);
      this.problem = error?.message;
      const isRefused = ABOUT_CONTENT.includes((error as { code?: number } | undefined)?.code);
      if (error !== undefined && !isRefused) {
        await this.#pause(backOffMs);
        backOffMs = Math.min(2 * backOffMs, MAX_BACK_OFF_MS);
        continue;
      }
      backOffMs = FIRST_BACK_OFF_MS;
      this.#take(batch, isRefused);
    }
    this.#sending = undefined;
  }

  /** A batch that is refused is sent in smaller ones; an item that is refused alone is lost. */
  #take(batch: readonly T[], isRefused: boolean): void {
    if (this.#items[0] !== batch[0]) return; // given up meanwhile
    if (isRefused && batch.length > 1) {
      this.#batchLength = Math.ceil(batch.length / 2);
      return;
    }
    if (isRefused) this.lostCount += 1;
    else {
      this.acceptedCount += batch.length;
      this.#batchLength = Math.min(2 * this.#batchLength, MAX_BATCH);
    }
    this.#items.splice(0, batch.length);
    for (const item of batch) this.#bytes -= this.#options.sizeOf(item);
  }

  async #export(batch: T[]): Promise<Error | undefined> {
    return new Promise((resolve) => {
      try {
        this.#options.exporter.export(batch, ({ code, error }) =>
          resolve(code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('unknown'))),
        );
      } catch (error) {
        resolve(error as Error);
      }
    });
  }

  /** A program that has nothing else to do isn't kept from ending by it. `drain` cuts it short. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#drain;
    if (signal.aborted) await sleep(Math.min(ms, DRAIN_PAUSE_MS));
    else await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
  }
}
