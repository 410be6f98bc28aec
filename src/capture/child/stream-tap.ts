import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { ConnectOpts, SocketConstructorOpts } from 'node:net';
import { ReadStream } from 'node:tty';
import { EndMark } from './pty.ts';
import type { StreamName } from './stream-plan.ts';

export interface StreamTapOptions {
  readonly name: StreamName;
  /** Read from: the pipe's or the terminal's other end, non-blocking. */
  readonly fd: number;
  /** The command's end of a terminal; absent for a pipe. */
  readonly slaveFd?: number;
  /** Where the bytes are passed on to. */
  readonly output: NodeJS.WriteStream;
  /** Called with all bytes, in order, before they are passed on. They are valid during the call. */
  readonly onChunk: (tap: StreamTap, bytes: Buffer) => void;
}

const READ_BYTES = 64 * 1024;
const drainBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** One of the command's output streams: what comes is handed over and passed on, at the pace of whoever takes it. */
export class StreamTap {
  readonly name: StreamName;
  /** Resolves when the output has ended. */
  readonly ended: Promise<void>;
  readonly #options: StreamTapOptions;
  readonly #source: Socket | ReadStream;
  readonly #endMark: EndMark | undefined;
  /** Waits until what was passed on last is written: till then its bytes are in use. */
  #isPaused = false;
  #isEnded = false;

  constructor(options: StreamTapOptions) {
    this.name = options.name;
    this.#options = options;
    const { fd, slaveFd, output } = options;
    this.#endMark = slaveFd === undefined ? undefined : new EndMark();
    const how = this.#createReadOptions();
    this.#source =
      slaveFd === undefined
        ? new Socket({ fd, readable: true, writable: false, ...how })
        : new ReadStream(fd, how);
    this.ended = new Promise((resolve) => {
      this.#source.once('close', () => {
        this.#isEnded = true;
        resolve();
      });
    });
    // EIO is how a terminal without writers ends.
    this.#source.on('error', () => this.stop());
    this.#source.on('end', () => this.stop());
    this.#source.resume(); // a terminal doesn't begin by itself
    // Whoever reads our output has gone (`| head`): the command gets to know as it would without us.
    output.on('error', () => this.stop());
  }

  /** Reads what is there now, without waiting. */
  drain(): void {
    while (!this.#isPaused && !this.#isEnded) {
      const length = tryRead(this.#options.fd);
      if (length <= 0) return;
      this.#deliver(Buffer.from(drainBuffer.subarray(0, length)));
    }
  }

  /** The command has ended: a terminal is read up to what it wrote last. (A pipe ends by itself.) */
  markEnd(): void {
    if (this.#endMark === undefined || this.#isEnded) return;
    try {
      this.#endMark.write(this.#options.slaveFd!);
    } catch {
      this.stop();
    }
  }

  /** Ends the stream now. */
  stop(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#source.destroy();
    if (this.#options.slaveFd !== undefined) closeSync(this.#options.slaveFd);
  }

  /** One buffer for all that is read: a flood into new ones would be garbage of tens of megabytes. */
  #createReadOptions(): SocketConstructorOpts & ConnectOpts {
    const callback = (length: number, buffer: Uint8Array): boolean => {
      this.#take(buffer.subarray(0, length) as Buffer);
      return !this.#isPaused;
    };
    return { onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback } };
  }

  #take(chunk: Buffer): void {
    if (!this.#isEnded) this.#deliver(chunk);
  }

  #deliver(chunk: Buffer): void {
    const { bytes, isEnd } = this.#endMark?.filter(chunk) ?? { bytes: chunk, isEnd: false };
    if (bytes.length > 0) {
      const { output, onChunk } = this.#options;
      onChunk(this, bytes);
      output.write(bytes, this.#onWritten);
      if (output.writableLength > 0) this.#pause();
    }
    if (isEnd) this.stop();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#source.pause();
  }

  readonly #onWritten = (): void => {
    if (!this.#isPaused || this.#options.output.writableLength > 0) return;
    this.#isPaused = false;
    if (!this.#isEnded) this.#source.resume();
  };
}

function tryRead(fd: number): number {
  try {
    return readSync(fd, drainBuffer);
  } catch {
    return -1; // EAGAIN: nothing there now; anything else the stream itself will tell
  }
}
