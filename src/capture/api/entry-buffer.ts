import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { AppendFile } from '../../spool/append-file.ts';

/** Text that waits for its write has at most this many UTF-16 units, each of which takes at most three bytes. */
const MAX_TEXT_LENGTH = 64 * 1024;
const BLOCK_BYTES = 3 * MAX_TEXT_LENGTH;
/** The longest that an entry waits while the event loop turns. */
const FLUSH_MS = 50;
/**
 * A tenth of the time may go into writing entry by entry, and this much ahead of it. When that is used up, entries wait
 * until a part of it is earned again: for 5 ms.
 */
const WRITE_SHARE = 0.1;
const MAX_CREDIT_MS = 2;
const RESUME_CREDIT_MS = 0.5;
const MAX_REFUSED_BYTES = 32 * 1024 * 1024;
const RETRY_MS = 500;
const CHECK_MS = 1000;

export interface EntryBufferOptions {
  readonly path: string;
  readonly tell: (message: string) => void;
  /** Whether entries wait in memory from now on: a killed process would lose those. */
  readonly onWaiting: (isWaiting: boolean) => void;
  /** An entry that tells of lost ones, with its newline. */
  readonly toLossEntry: (count: number) => string;
}

/**
 * Appends lines to this process's inbox. Mostly a line is with the operating system when `add` returns, where nothing but a
 * crash of the machine loses it. Only in a burst, when writing line by line would take more than a tenth of the time, do
 * lines wait: for a block to fill up, or for {@link FLUSH_MS}. Never throws: while the disk refuses, up to 32 MiB are kept
 * and tried again; what is beyond that is counted and written down as lost when the disk takes something again.
 */
export class EntryBuffer {
  readonly #options: EntryBufferOptions;
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #file: AppendFile | undefined;
  #text = '';
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  #creditMs = MAX_CREDIT_MS;
  #creditedAtMs = 0;
  /** What the disk refused, in order. */
  #refused: Buffer[] = [];
  #refusedBytes = 0;
  #lostCount = 0;
  #retryAtMs = 0;
  #checkAtMs = 0;

  constructor(options: EntryBufferOptions) {
    this.#options = options;
  }

  /** Adds one entry, with its newline. */
  add(line: string): void {
    this.#text += line;
    this.#count += 1;
    const mustWrite = this.#text.length > MAX_TEXT_LENGTH || this.#isEnding;
    if (mustWrite || (this.#refused.length === 0 && this.#hasCredit())) this.flush();
    else if (this.#timer === undefined) this.#wait(FLUSH_MS);
  }

  /** Hands what waits to the operating system. */
  flush(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#options.onWaiting(false);
    }
    if (this.#text !== '') this.#writeText();
    if (this.#refused.length > 0 || this.#lostCount > 0) this.#retry();
  }

  /** The process or the run ends: what the disk refused is tried a last time, and what still comes is written at once. */
  end(): void {
    this.#isEnding = true;
    this.#retryAtMs = 0;
    this.flush();
  }

  /** Whether there is time to spare for a write. */
  #hasCredit(): boolean {
    const nowMs = performance.now();
    const earnedMs = (nowMs - this.#creditedAtMs) * WRITE_SHARE;
    this.#creditMs = Math.min(MAX_CREDIT_MS, this.#creditMs + earnedMs);
    this.#creditedAtMs = nowMs;
    return this.#creditMs > (this.#timer === undefined ? 0 : RESUME_CREDIT_MS);
  }

  #wait(durationMs: number): void {
    this.#options.onWaiting(true);
    this.#timer = setTimeout(() => this.flush(), durationMs).unref();
  }

  #writeText(): void {
    const text = this.#text;
    const count = this.#count;
    this.#text = '';
    this.#count = 0;
    const bytes =
      text.length <= MAX_TEXT_LENGTH
        ? this.#block.subarray(0, this.#block.write(text, 0, 'utf8'))
        : Buffer.from(text, 'utf8');
    if (this.#refused.length === 0 && this.#tryAppend(bytes)) return;
    if (this.#refusedBytes + bytes.length > MAX_REFUSED_BYTES) {
      this.#lostCount += count;
      return;
    }
    this.#refusedBytes += bytes.length;
    this.#refused.push(Buffer.from(bytes));
  }

  #retry(): void {
    if (performance.now() >= this.#retryAtMs) {
      while (this.#refused.length > 0 && this.#tryAppend(this.#refused[0]!))
        this.#refusedBytes -= this.#refused.shift()!.length;
      if (this.#refused.length === 0 && this.#lostCount > 0) this.#tellLoss();
    }
    const isDone = this.#refused.length === 0 && this.#lostCount === 0;
    if (!isDone && !this.#isEnding && this.#timer === undefined) this.#wait(RETRY_MS);
  }

  #tellLoss(): void {
    if (this.#tryAppend(Buffer.from(this.#options.toLossEntry(this.#lostCount))))
      this.#lostCount = 0;
  }

  #tryAppend(bytes: Buffer): boolean {
    const startMs = performance.now();
    try {
      this.#file ??= new AppendFile(this.#options.path);
      this.#file.append(bytes);
      if (startMs > this.#checkAtMs) this.#check(startMs);
      return true;
    } catch (error) {
      this.#retryAtMs = startMs + RETRY_MS;
      this.#options.tell(`can't record: ${(error as Error).message}; the program goes on`);
      return false;
    } finally {
      this.#creditMs -= performance.now() - startMs;
    }
  }

  /** An inbox goes with the end of its run, and this process can have outlived it. */
  #check(nowMs: number): void {
    this.#checkAtMs = nowMs + CHECK_MS;
    if (!existsSync(this.#options.path))
      this.#options.tell('the run has ended; what is recorded from now on is lost');
  }
}
