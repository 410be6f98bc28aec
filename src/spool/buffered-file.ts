import { AppendFile } from './append-file.ts';

/**
 * Text that is appended to a file in large pieces: when the buffer is full, and by {@link BufferedFile.flush}. While the
 * disk refuses, the text is kept, however much it is: whoever adds has to stop meanwhile.
 */
export class BufferedFile {
  readonly #file: AppendFile;
  #buffer: Buffer;
  #length = 0;

  constructor(path: string, bufferBytes: number) {
    this.#file = new AppendFile(path);
    this.#buffer = Buffer.allocUnsafe(bufferBytes);
  }

  /** Adds a text. Never throws: what the disk refuses is told by the next flush. */
  add(text: string): void {
    // Three bytes of UTF-8 are the most that one UTF-16 unit takes.
    if (this.#length + 3 * text.length > this.#buffer.length) this.#makeRoom(3 * text.length);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /**
   * Appends what was added.
   * @throws the file system's error; the text is kept for the next try.
   */
  flush(): void {
    if (this.#length === 0) return;
    this.#file.append(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  close(): void {
    this.#file.close();
  }

  #makeRoom(bytes: number): void {
    try {
      this.flush();
    } catch {
      // Told by the next flush.
    }
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(this.#length + 2 * bytes);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
