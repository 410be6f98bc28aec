import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/**
 * A file that only this process appends to. A write that fails half-way (a full disk) is taken back, so that the file
 * always ends with a whole entry and the same bytes can be appended again later.
 */
export class AppendFile {
  readonly #fd: number;
  #size: number;

  /** Opens `path` for appending, made with mode 0600 when it isn't there. */
  constructor(path: string) {
    this.#fd = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends all of `bytes`, handed to the operating system when it returns (a killed process loses nothing).
   * @throws the file system's error, with nothing appended.
   */
  append(bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(this.#fd, bytes, written, bytes.length - written);
      }
    } catch (error) {
      if (written > 0) ftruncateSync(this.#fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
