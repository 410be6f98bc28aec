import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Whole lines of a signal file, in one buffer that the next reading uses again. */
export interface Piece {
  readonly lines: readonly Buffer[];
  /** Where the next piece begins. */
  readonly end: number;
}

const NEWLINE = 0x0a;
/** How large a piece may be. */
export interface PieceSize {
  readonly maxLines: number;
  readonly maxBytes: number;
}

/** A larger buffer isn't kept. */
const MOST_KEPT_BYTES = 8 * 1024 * 1024;
/** OTLP's own limit of a request. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Reads a signal file that may not be there yet, and may grow. */
export class SignalFile {
  readonly #path: string;
  #fd: number | undefined;
  #buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes in the file; 0 when there is none. */
  get size(): number {
    const fd = this.#open();
    return fd === undefined ? 0 : fstatSync(fd).size;
  }

  /** Whether a line begins at a place. */
  isLineStart(offset: number): boolean {
    const fd = this.#open();
    if (offset === 0) return true;
    if (fd === undefined || offset > this.size) return false;
    const before = Buffer.alloc(1);
    return readSync(fd, before, 0, 1, offset - 1) === 1 && before[0] === NEWLINE;
  }

  /**
   * The whole lines from a place on, as many as `maxBytes` (one, where it is longer) and `maxLines` allow.
   * `undefined` when there is none: a torn last line, which its writer is still at or was killed at, isn't one.
   */
  read(offset: number, { maxLines, maxBytes }: PieceSize): Piece | undefined {
    const { size } = this;
    if (offset >= size) return undefined;
    for (let most = maxBytes; ; most *= 4) {
      const bytes = this.#fill(offset, Math.min(most, size - offset));
      const piece = cutLines(bytes, { offset, maxLines });
      if (piece !== undefined) return piece;
      if (offset + bytes.length >= size || bytes.length > MAX_LINE_BYTES) return undefined;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number | undefined {
    if (this.#fd !== undefined) return this.#fd;
    try {
      this.#fd = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#fd;
  }

  #fill(offset: number, length: number): Buffer {
    if (this.#buffer.length < length || this.#buffer.length > MOST_KEPT_BYTES) {
      this.#buffer = Buffer.allocUnsafeSlow(length);
    }
    return this.#buffer.subarray(0, readSync(this.#fd!, this.#buffer, 0, length, offset));
  }
}

function cutLines(
  bytes: Buffer,
  { offset, maxLines }: { offset: number; maxLines: number },
): Piece | undefined {
  const lines: Buffer[] = [];
  let start = 0;
  while (lines.length < maxLines) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) break;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines.length === 0 ? undefined : { lines, end: offset + start };
}
