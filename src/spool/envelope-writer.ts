import { AppendFile } from './append-file.ts';

/** One line of a signal file is one OTLP envelope of at most this size (a single larger item makes a line of its own). */
export const MAX_ENVELOPE_BYTES = 512 * 1024;

export interface EnvelopeShape {
  /** From the start of the line up to the list of scopes: `{"resourceLogs":[{"resource":…,"scopeLogs":[`. */
  readonly head: string;
  /** The key of the list of items inside a scope: `logRecords` or `spans`. */
  readonly itemsKey: string;
  /** From the end of the list of scopes to the end of the line, without newline. */
  readonly tail: string;
}

/** A buffer that had to grow for an item larger than a line is kept up to this size. */
const MAX_KEPT_BYTES = 2 * 1024 * 1024;
/** Longer texts are measured before a buffer is made that may be three times too large. */
const LONG_TEXT = 64 * 1024;

/** Items are encoded together up to this length: one by one, a third of the time goes into the calls. */
const MAX_PENDING = 8 * 1024;

const SCOPE_END = ']}';

/**
 * Collects encoded log records or spans and appends them to a signal file as OTLP envelopes, one a line.
 * What was added is on disk after the next {@link EnvelopeWriter.flush}; full lines are written as they come. When the
 * disk refuses, what was collected is kept and tried again with the next flush: whoever adds has to stop meanwhile.
 */
export class EnvelopeWriter {
  readonly #file: AppendFile;
  readonly #shape: EnvelopeShape;
  /** Finished lines that the disk hasn't taken yet. */
  #finished: Buffer[] = [];
  #line = Buffer.allocUnsafe(MAX_ENVELOPE_BYTES);
  #length = 0;
  /** The end of the line, which isn't in the buffer yet. */
  #pending = '';
  #scope: string | undefined;

  constructor(path: string, shape: EnvelopeShape) {
    this.#file = new AppendFile(path);
    this.#shape = shape;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#file.size;
  }

  /** Adds one item. `scope` and `item` are JSON. Never throws: what the disk refuses is told by the next flush. */
  add(scope: string, item: string): void {
    const mostBytes = toMostBytes(item) + 3 * (scope.length + this.#shape.head.length) + 256;
    if (this.#pending.length + item.length > MAX_PENDING) this.#encode();
    const length = this.#length + 3 * this.#pending.length;
    if (length > 0 && length + mostBytes > MAX_ENVELOPE_BYTES) {
      this.#finishLine();
      this.#tryWrite();
    }
    if (this.#isEmpty && mostBytes > this.#line.length) this.#line = Buffer.allocUnsafe(mostBytes);
    this.#pending += this.#toSeparator(scope) + item;
  }

  /**
   * Appends what was collected.
   * @throws the file system's error; what was collected is kept for the next try.
   */
  flush(): void {
    this.#finishLine();
    this.#writeFinished();
  }

  close(): void {
    this.#file.close();
  }

  get #isEmpty(): boolean {
    return this.#length === 0 && this.#pending === '';
  }

  /** What stands before the next item: the line's head, the scope's where it is another one. */
  #toSeparator(scope: string): string {
    if (scope === this.#scope) return ',';
    const before = this.#isEmpty ? this.#shape.head : `${SCOPE_END},`;
    this.#scope = scope;
    return `${before}{"scope":${scope},"${this.#shape.itemsKey}":[`;
  }

  #finishLine(): void {
    if (this.#isEmpty) return;
    this.#pending += `${SCOPE_END}${this.#shape.tail}\n`;
    this.#encode();
    this.#finished.push(this.#line.subarray(0, this.#length));
    this.#length = 0;
    this.#scope = undefined;
  }

  #tryWrite(): void {
    try {
      this.#writeFinished();
    } catch {
      // Told by the next flush.
    }
  }

  #writeFinished(): void {
    try {
      while (this.#finished.length > 0) {
        this.#file.append(this.#finished[0]!);
        this.#finished.shift();
      }
    } finally {
      // Finished lines lie in the buffer: it can be used again only when all of them are written.
      if (this.#finished.length > 0 || this.#line.length > MAX_KEPT_BYTES) {
        this.#line = Buffer.allocUnsafe(MAX_ENVELOPE_BYTES);
      }
    }
  }

  #encode(): void {
    this.#length += this.#line.write(this.#pending, this.#length);
    this.#pending = '';
  }
}

/** Three bytes of UTF-8 are the most that one UTF-16 unit takes. */
function toMostBytes(text: string): number {
  return text.length > LONG_TEXT ? Buffer.byteLength(text) : 3 * text.length;
}
