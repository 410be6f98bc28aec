import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Reads a growing file from where it stopped the last time. */
export class TailFile {
  readonly #fd: number;
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

  /** What was appended since, at most `maxBytes`; empty when nothing was. */
  read(maxBytes: number): Buffer {
    const available = this.size() - this.#offset;
    if (available <= 0 || maxBytes <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(Math.min(available, maxBytes));
    const length = readSync(this.#fd, buffer, 0, buffer.length, this.#offset);
    this.#offset += length;
    return buffer.subarray(0, length);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
