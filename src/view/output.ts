/** Text is written when this much of it is there. */
const MAX_TEXT_LENGTH = 64 * 1024;

/**
 * Writes to a stream at the pace at which it takes the text. When nobody reads any more (`| head`), the rest is left
 * out without a word; what else keeps it from being written (a full disk) is thrown at the end.
 */
export class Output {
  readonly #stream: NodeJS.WritableStream;
  readonly #onError = (error: Error): void => this.#fail(error);
  #text = '';
  #isClosed = false;
  #fault: Error | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on('error', this.#onError);
  }

  /** Nobody reads what is written from now on. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Enough was added that it should be written. */
  get isFull(): boolean {
    return this.#text.length >= MAX_TEXT_LENGTH;
  }

  add(text: string): void {
    this.#text += text;
  }

  /** Writes what was added; the stream has taken it when the promise resolves. */
  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await this.write(text);
  }

  /** Writes at once, behind what was flushed. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#stream.write(text, (error) => {
        if (error) this.#fail(error);
        resolve();
      });
    });
  }

  /** Writes what is left. @throws the stream's error when something couldn't be written that somebody waits for. */
  async close(): Promise<void> {
    await this.flush();
    if (this.#fault !== undefined) throw this.#fault;
    // The event of a write that failed comes after its callback.
    if (!this.#isClosed) this.#stream.off('error', this.#onError);
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#isClosed = true;
    if (error.code !== 'EPIPE') this.#fault ??= error;
  }
}
