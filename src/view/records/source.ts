import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import type { Output } from '../output.ts';
import { escapeControls } from '../text/escape.ts';
import { readLineViews } from './line-views.ts';
import type { RecordFilter } from './record-filter.ts';
import { scanLine } from './scan-line.ts';

/** Something to read that can grow. */
export interface Source {
  /** Writes what has come since the last time. */
  readOn(): Promise<void>;
}

/** The records of a `logs.jsonl` that a filter lets through, as `show` makes text of them. */
export class RecordSource implements Source {
  readonly #path: string;
  readonly #output: Output;
  readonly #filter: RecordFilter;
  readonly #show: (record: StoredRecord) => string | undefined;
  #end = 0;
  #count = 0;

  constructor(
    path: string,
    options: {
      readonly output: Output;
      readonly filter: RecordFilter;
      readonly show: (record: StoredRecord) => string | undefined;
    },
  ) {
    this.#path = path;
    this.#output = options.output;
    this.#filter = options.filter;
    this.#show = options.show;
  }

  /** How many records were shown. */
  get count(): number {
    return this.#count;
  }

  async readOn(): Promise<void> {
    const visitor = {
      mayTake: this.#filter.mayTake,
      take: (record: StoredRecord) => this.#take(record),
    };
    for (const { bytes, end } of readLineViews(this.#path, this.#end)) {
      scanLine(bytes, visitor);
      this.#end = end;
      if (this.#output.isFull) await this.#output.flush();
      if (this.#output.isClosed) return;
    }
    await this.#output.flush();
  }

  #take(record: StoredRecord): void {
    if (!this.#filter.accepts(record)) return;
    const text = this.#show(record);
    if (text === undefined) return;
    this.#count += 1;
    this.#output.add(text);
  }
}

const BLOCK_BYTES = 1024 * 1024;

/** The text of a `run.log` as it is, but for control characters. */
export class TextSource implements Source {
  readonly #path: string;
  readonly #output: Output;
  readonly #isRaw: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #end = 0;

  constructor(path: string, options: { readonly output: Output; readonly isRaw: boolean }) {
    this.#path = path;
    this.#output = options.output;
    this.#isRaw = options.isRaw;
  }

  async readOn(): Promise<void> {
    const fd = openSync(this.#path, 'r');
    try {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      while (!this.#output.isClosed) {
        const length = readSync(fd, block, 0, BLOCK_BYTES, this.#end);
        if (length === 0) return;
        this.#end += length;
        const bytes = block.subarray(0, length);
        await this.#output.write(this.#isRaw ? bytes : escapeControls(this.#decoder.write(bytes)));
      }
    } finally {
      closeSync(fd);
    }
  }
}
