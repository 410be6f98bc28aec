import type { InboxEntry } from '../model/inbox.ts';
import type { UnixTime } from '../model/time.ts';
import { AppendFile } from './append-file.ts';

/**
 * The console inbox: what a command printed, chunk by chunk as it was read, with its time, and entries between. The
 * bytes are as they came, secrets included, so the file is private (0600) and goes when the run is merged.
 *
 * A frame is: payload bytes (uint32), kind (uint8), seconds (uint32), nanoseconds (uint32), all little endian, payload.
 * A torn last frame, left by a killed writer, is no frame.
 */
export type FrameKind = 'stdout' | 'stderr' | 'both' | 'entry';

const KINDS: readonly FrameKind[] = ['stdout', 'stderr', 'both', 'entry'];
const HEADER_BYTES = 13;

export interface Frame {
  readonly kind: FrameKind;
  readonly time: UnixTime;
  readonly payload: Buffer;
  /** Where it begins, and where it ends, in the bytes that it was parsed from. */
  readonly offset: number;
  readonly end: number;
}

/** No frame is larger; a longer one is a sign that what is read is no frame. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** The extension of console inboxes; those of records have `.jsonl`. */
export const CONSOLE_EXTENSION = '.console';

/** Appends frames to a console inbox. */
export class ConsoleInboxWriter {
  readonly #file: AppendFile;
  readonly #clock: () => UnixTime;
  #frame = Buffer.allocUnsafeSlow(128 * 1024);

  constructor(path: string, clock: () => UnixTime) {
    this.#file = new AppendFile(path);
    this.#clock = clock;
  }

  /** Bytes in the inbox. */
  get size(): number {
    return this.#file.size;
  }

  /** Bytes that a stream printed. On disk when it returns. @throws the file system's error, with nothing written. */
  chunk(kind: 'stdout' | 'stderr' | 'both', bytes: Uint8Array): void {
    this.#append(kind, bytes);
  }

  /** An entry between the chunks. On disk when it returns. @throws the file system's error, with nothing written. */
  entry(entry: InboxEntry): void {
    this.#append('entry', Buffer.from(JSON.stringify(entry)));
  }

  close(): void {
    this.#file.close();
  }

  #append(kind: FrameKind, payload: Uint8Array): void {
    const [seconds, nanos] = this.#clock();
    const length = HEADER_BYTES + payload.length;
    if (length > this.#frame.length) this.#frame = Buffer.allocUnsafeSlow(length);
    const frame = this.#frame.subarray(0, length);
    frame.writeUInt32LE(payload.length, 0);
    frame.writeUInt8(KINDS.indexOf(kind), 4);
    frame.writeUInt32LE(seconds, 5);
    frame.writeUInt32LE(nanos, 9);
    frame.set(payload, HEADER_BYTES);
    this.#file.append(frame);
  }
}

/** Takes frames off the front of `bytes`; `rest` is what doesn't make a whole frame yet. */
export function parseFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let offset = 0;
  while (bytes.length - offset >= HEADER_BYTES) {
    const end = offset + HEADER_BYTES + bytes.readUInt32LE(offset);
    if (end > bytes.length) break;
    const kind = KINDS[bytes.readUInt8(offset + 4)];
    if (kind !== undefined) {
      const time: UnixTime = [bytes.readUInt32LE(offset + 5), bytes.readUInt32LE(offset + 9)];
      frames.push({ kind, time, payload: bytes.subarray(offset + HEADER_BYTES, end), offset, end });
    }
    offset = end;
  }
  return { frames, rest: bytes.subarray(offset) };
}
