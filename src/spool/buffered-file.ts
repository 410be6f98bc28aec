import { AppendFile } from './append-file.ts';

/** Texts are encoded together up to this length: one by one, half of the time goes into the calls. */
const MAX_PENDING = 8 * 1024;

/**
 * Text that is appended to a file in large pieces: when the buffer is full, and by {@link BufferedFile.flush}. While the
 * disk refuses, the text is kept, however much it is: whoever adds has to stop meanwhile.
 */
export class BufferedFile {
  readonly #file: AppendFile;
  readonly #bufferBytes: number;
  #buffer: Buffer;
  #length = 0;
  /** What was added and isn't in the buffer yet. */
  #pending = '';
  /** The disk has refused since the last flush: until the next one there is no use in trying. */
  #isRefused = false;

  constructor(path: string, bufferBytes: number) {
    this.#file = new AppendFile(path);
    this.#bufferBytes = bufferBytes;
    this.#buffer = Buffer.allocUnsafe(bufferBytes);
  }

  /** Adds a text. Never throws: what the disk refuses is told by the next flush. */
  add(text: string): void {
    this.#pending += text;
    if (this.#pending.length > MAX_PENDING) this.#encode();
  }

  /**
   * Appends what was added.
   * @throws the file system's error; the text is kept for the next try.
   */
  flush(): void {
    this.#isRefused = false;
    this.#encode();
    this.#append();
  }

  close(): void {
    this.#file.close();
  }

  #encode(): void {
    // Three bytes of UTF-8 are the most that one UTF-16 unit takes.
    const mostBytes = 3 * this.#pending.length;
    if (this.#length + mostBytes > this.#buffer.length) this.#makeRoom(mostBytes);
    this.#length += this.#buffer.write(this.#pending, this.#length);
    this.#pending = '';
  }

  #append(): void {
    if (this.#length === 0) return;
    this.#file.append(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    if (this.#buffer.length > this.#bufferBytes)
      this.#buffer = Buffer.allocUnsafe(this.#bufferBytes);
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
      this.#append();
    } catch {
      this.#isRefused = true; // told by the next flush
    }
  }
}
