import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { toUnixMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { encodeString, encodeTime } from '../../otlp/json.ts';
import { AppendFile } from '../../spool/append-file.ts';
import { LogBatch } from './log-batch.ts';

const BLOCK_BYTES = 256 * 1024;
/** Lines are encoded some at a time: fewer calls, and no more of their pieces alive than a garbage collection copies cheaply. */
const MAX_TEXT_LENGTH = 8 * 1024;
/** The most that one UTF-16 unit takes in UTF-8. */
const MAX_UNIT_BYTES = 3;
/** The longest that an entry waits while the event loop turns. */
const FLUSH_MS = 50;
/**
 * A tenth of the time may go into writing entry by entry, and this much ahead of it. When that is used up, entries wait, and
 * are written in blocks whenever this much is earned again: every 5 ms.
 */
const WRITE_SHARE = 0.1;
const MAX_CREDIT_MS = 5;
const BLOCK_CREDIT_MS = 0.5;
/** A write among quick ones that takes longer was held up once: a machine that stalls is no slow disk. */
const STALL_MS = 1;
/** As many entries in {@link FLUSH_MS} are one. */
const BURST_COUNT = 64;
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
  /** Encoded bytes in the block, and the entries that they are. */
  #length = 0;
  #blockCount = 0;
  #file: AppendFile | undefined;
  /** What comes behind them. */
  #text = '';
  /** What comes behind that. */
  readonly #batch = new LogBatch();
  #textCount = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  #isEnding = false;
  #creditMs = MAX_CREDIT_MS;
  #earnedAtMs = 0;
  #lastWriteMs = 0;
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
    if (!this.#batch.isEmpty) this.#text += this.#batch.take();
    this.#text += line;
    this.#textCount += 1;
    if (this.#timer === undefined) this.#writeOrWait();
    else if (Date.now() > this.#dueMs) this.#catchUp();
    else if (this.#text.length > MAX_TEXT_LENGTH) this.#encode();
  }

  /** Adds a log record. @param head as {@link LogBatch.tryAdd} has it */
  addText(head: string, time: UnixTime, body: string): void {
    if (this.#timer !== undefined && toUnixMs(time) > this.#dueMs) this.#catchUp();
    if (this.#timer === undefined) return this.add(encodeLog(head, time, body));
    this.#textCount += 1;
    if (this.#batch.tryAdd(head, time, body)) return;
    this.#text += this.#batch.take();
    if (this.#text.length > MAX_TEXT_LENGTH) this.#encode();
    this.#batch.tryAdd(head, time, body);
  }

  /** Hands what waits to the operating system. */
  flush(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#options.onWaiting(false);
    }
    this.#fill();
    this.#writeBlock();
    if (this.#refused.length > 0 || this.#lostCount > 0) this.#retry();
  }

  /** The process or the run ends: what the disk refused is tried a last time, and what still comes is written at once. */
  end(): void {
    this.#isEnding = true;
    this.#retryAtMs = 0;
    this.flush();
  }

  #writeOrWait(): void {
    const mayWrite = this.#isEnding || (this.#refused.length === 0 && this.#earn() > 0);
    if (mayWrite) this.flush();
    else this.#wait(FLUSH_MS);
  }

  /** Gives the time there is to spare for writes. */
  #earn(): number {
    const nowMs = performance.now();
    const earnedMs = (nowMs - this.#earnedAtMs) * WRITE_SHARE;
    this.#earnedAtMs = nowMs;
    this.#creditMs = Math.min(MAX_CREDIT_MS, this.#creditMs + earnedMs);
    return this.#creditMs;
  }

  #spend(writeMs: number): void {
    this.#creditMs -= Math.min(writeMs, STALL_MS + 2 * this.#lastWriteMs);
    this.#lastWriteMs = writeMs;
  }

  #wait(durationMs: number): void {
    this.#options.onWaiting(true);
    this.#dueMs = Date.now() + durationMs;
    this.#timer = setTimeout(() => this.flush(), durationMs).unref();
  }

  /** The timer is late: the program computes. If it isn't in a burst, what comes next is written when it comes. */
  #catchUp(): void {
    if (this.#textCount + this.#blockCount < BURST_COUNT) return this.flush();
    this.#dueMs = Date.now() + FLUSH_MS;
    this.#fill();
    this.#writeBlock();
  }

  /** Moves the text into the block, and writes that when it is time. The burst goes on: what comes next waits again. */
  #encode(): void {
    this.#fill();
    if (this.#refused.length === 0 && this.#earn() > BLOCK_CREDIT_MS) this.#writeBlock();
  }

  /** Moves the text into the block; one that never fits goes past it. */
  #fill(): void {
    if (!this.#batch.isEmpty) this.#text += this.#batch.take();
    const text = this.#text;
    const count = this.#textCount;
    this.#text = '';
    this.#textCount = 0;
    const mostBytes = text.length * MAX_UNIT_BYTES;
    if (this.#length + mostBytes > BLOCK_BYTES) this.#writeBlock();
    if (mostBytes > BLOCK_BYTES) return this.#write(Buffer.from(text, 'utf8'), count);
    this.#length += this.#block.write(text, this.#length, 'utf8');
    this.#blockCount += count;
  }

  #writeBlock(): void {
    const bytes = this.#block.subarray(0, this.#length);
    const count = this.#blockCount;
    this.#length = 0;
    this.#blockCount = 0;
    if (bytes.length > 0) this.#write(bytes, count);
  }

  #write(bytes: Buffer, count: number): void {
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
      this.#spend(performance.now() - startMs);
    }
  }

  /** An inbox goes with the end of its run, and this process can have outlived it. */
  #check(nowMs: number): void {
    this.#checkAtMs = nowMs + CHECK_MS;
    if (!existsSync(this.#options.path))
      this.#options.tell('the run has ended; what is recorded from now on is lost');
  }
}

function encodeLog(head: string, time: UnixTime, body: string): string {
  return `${head},"type":"log","time":"${encodeTime(time)}","body":${encodeString(body)}}\n`;
}
