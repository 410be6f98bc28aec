import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Reads a growing file from where it stopped the last time, into one buffer that it keeps: a flood that was read into new
 * ones would be garbage of tens of megabytes before anybody collects it.
 */
export class TailFile {
  readonly #fd: number;
  #buffer: Buffer = Buffer.alloc(0);
  /** Bytes at the beginning of the buffer that the next read begins with. */
  #keptBytes = 0;
  #offset = 0;

  /** @throws the file system's error when it can't be opened. */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes in the file now. */
  size(): number {
    return fstatSync(this.#fd).size;
  }

  /** What was kept, and behind it what was appended since, at most `maxBytes` of it. Valid until the next read. */
  read(maxBytes: number): Buffer {
    const room = Math.max(0, Math.min(this.size() - this.#offset, maxBytes));
    this.#reserve(this.#keptBytes + room);
    const length = readSync(this.#fd, this.#buffer, this.#keptBytes, room, this.#offset);
    this.#offset += length;
    const bytes = this.#buffer.subarray(0, this.#keptBytes + length);
    this.#keptBytes = 0;
    return bytes;
  }

  /** Has the next read begin with `rest`, the end of what was read last. */
  keep(rest: Buffer): void {
    const from = rest.byteOffset - this.#buffer.byteOffset;
    this.#buffer.copyWithin(0, from, from + rest.length);
    this.#keptBytes = rest.length;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#keptBytes);
    this.#buffer = larger;
  }
}
