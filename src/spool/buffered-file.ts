import { AppendFile } from './append-file.ts';

/**
 * Text that is appended to a file in large pieces: when the buffer is full, and by {@link BufferedFile.flush}. While the
 * disk refuses, the text is kept, however much it is: whoever adds has to stop meanwhile.
 */
export class BufferedFile {
  readonly #file: AppendFile;
  readonly #bufferBytes: number;
  #buffer: Buffer;
  #length = 0;
  /** The disk has refused since the last flush: until the next one there is no use in trying. */
  #isRefused = false;

  constructor(path: string, bufferBytes: number) {
    this.#file = new AppendFile(path);
    this.#bufferBytes = bufferBytes;
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
    this.#isRefused = false;
    if (this.#length === 0) return;
    this.#file.append(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    if (this.#buffer.length > this.#bufferBytes)
      this.#buffer = Buffer.allocUnsafe(this.#bufferBytes);
  }

  close(): void {
    this.#file.close();
  }

  #makeRoom(bytes: number): void {
    if (!this.#isRefused) this.#tryFlush();
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + bytes, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #tryFlush(): void {
    try {
      this.flush();
    } catch {
      this.#isRefused = true; // told by the next flush
    }
  }
}
