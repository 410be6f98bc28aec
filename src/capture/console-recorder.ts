import type { InboxEntry } from '../model/inbox.ts';
import { now, toNanoString } from '../model/time.ts';
import { ConsoleInboxWriter } from '../spool/console-inbox.ts';
import type { StreamName } from './child/stream-plan.ts';

type Piece =
  | { readonly stream: StreamName; readonly bytes: Buffer }
  | { readonly entry: InboxEntry };

/** What is kept in memory while the disk refuses. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const RETRY_MS = 500;

/**
 * Writes what the command prints into the console inbox. Never throws: while the disk refuses, up to 32 MiB wait in
 * memory; what is beyond that is counted as lost, and the first refusal is told once.
 */
export class ConsoleRecorder {
  readonly #inbox: ConsoleInboxWriter;
  readonly #tell: (message: string) => void;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #lostBytes = 0;
  #retryAt = 0;
  #hasTold = false;

  /** @throws the file system's error when the inbox can't be made. */
  constructor(options: { path: string; tell: (message: string) => void }) {
    this.#inbox = new ConsoleInboxWriter(options.path, now);
    this.#tell = options.tell;
  }

  /** Bytes in the inbox. */
  get size(): number {
    return this.#inbox.size;
  }

  chunk(stream: StreamName, bytes: Buffer): void {
    this.#add({ stream, bytes });
  }

  entry(entry: InboxEntry): void {
    this.#add({ entry });
  }

  /** Writes what still waits, if the disk takes it, and closes the inbox. */
  close(): void {
    if (this.#waiting.length > 0) this.#writeWaiting();
    const lost = this.#lostBytes + (this.#waiting.length > 0 ? this.#waitingBytes : 0);
    if (lost > 0) this.#tell(`${lost} bytes of output are not recorded`);
    this.#inbox.close();
  }

  #add(piece: Piece): void {
    if (this.#waiting.length === 0 && this.#tryWrite(piece)) return;
    this.#wait(piece);
    if (Date.now() >= this.#retryAt) this.#writeWaiting();
  }

  #tryWrite(piece: Piece): boolean {
    try {
      if ('entry' in piece) this.#inbox.entry(piece.entry);
      else this.#inbox.chunk(piece.stream, piece.bytes);
      return true;
    } catch (error) {
      this.#retryAt = Date.now() + RETRY_MS;
      if (!this.#hasTold) {
        this.#hasTold = true;
        this.#tell(`can't record the output: ${(error as Error).message}; the command goes on`);
      }
      return false;
    }
  }

  #wait(piece: Piece): void {
    const length = 'entry' in piece ? 0 : piece.bytes.length;
    if (this.#waitingBytes + length > MAX_WAITING_BYTES) {
      this.#lostBytes += length;
      return;
    }
    this.#waitingBytes += length;
    // The bytes given are valid during the call only.
    this.#waiting.push(
      'entry' in piece ? piece : { stream: piece.stream, bytes: Buffer.from(piece.bytes) },
    );
  }

  #writeWaiting(): void {
    while (this.#waiting.length > 0 && this.#tryWrite(this.#waiting[0]!)) this.#waiting.shift();
    if (this.#waiting.length > 0) return;
    this.#waitingBytes = 0;
    if (this.#lostBytes === 0) return;
    const message = `${this.#lostBytes} bytes of output were lost while the disk took nothing`;
    const count = this.#lostBytes;
    this.#lostBytes = 0;
    this.#add({
      entry: { type: 'fault', time: toNanoString(now()), code: 'output-lost', message, count },
    });
  }
}
