import type { UnixTime } from '../../model/time.ts';

/** A body holds at most this much; a longer line becomes consecutive parts (Loki refuses lines over 256 KB). */
export const MAX_PART_BYTES = 128 * 1024;
/** How much more than a part is looked at before it is cut, so that a cut doesn't go through what has to be masked. */
export const LOOKAHEAD_BYTES = 4 * 1024;

/** What ended a piece of output. `redraw`: a carriage return alone. `cut`: the line is too long and goes on. `end`: nothing, the output did. */
export type PieceEnd = 'newline' | 'redraw' | 'cut' | 'end';

/** A line, or what stands between carriage returns, or a part of a line that is too long. */
export interface Piece {
  /** Without newline; a carriage return before the newline is kept. */
  readonly raw: string;
  /** Its bytes, where they are no valid UTF-8 and `raw` has replacement characters in their place. */
  readonly bytes: Buffer | undefined;
  /** Where its first byte stands in the stream. */
  readonly offset: number;
  /** When its first byte was read. */
  readonly time: UnixTime;
  readonly end: PieceEnd;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** So many carriage returns before a newline belong to it: a terminal adds one to what a program wrote. */
const MAX_RETURNS = 4;
const WINDOW_BYTES = MAX_PART_BYTES + LOOKAHEAD_BYTES;

/** Where to cut a line that is too long: is given its next bytes, at most a part and the look-ahead, and gives 1 to `MAX_PART_BYTES`. */
export type ChooseCut = (bytes: Buffer) => number;

export type TakePiece = (piece: Piece) => void;

/**
 * Splits a stream of bytes into pieces. The same bytes give the same pieces, however they are chunked. Between chunks it
 * holds less than a part and the look-ahead.
 */
export class LineSplitter {
  readonly #chooseCut: ChooseCut;
  readonly #held = new HoldBuffer();
  #openTime: UnixTime = [0, 0];
  #openOffset = 0;

  constructor(chooseCut: ChooseCut) {
    this.#chooseCut = chooseCut;
  }

  /** Whether a piece has begun that nothing has ended yet. */
  get isOpen(): boolean {
    return this.#held.length > 0;
  }

  /** Takes a chunk and hands every piece that it completes to `take`. */
  push(chunk: Buffer, time: UnixTime, take: TakePiece): void {
    const heldBytes = this.#held.length;
    const bytes = heldBytes > 0 ? this.#held.append(chunk) : chunk;
    if (heldBytes === 0) this.#openTime = time;
    // What was held has no newline, nor carriage returns but at its very end: the search goes on there.
    const searchFrom = Math.max(0, heldBytes - MAX_RETURNS);
    const rest = this.#split({ bytes, searchFrom, time, take });
    this.#held.set(rest);
  }

  /** Ends the unfinished piece, at the end of the output or after a silence. */
  flush(take: TakePiece): void {
    let bytes: Buffer = Buffer.from(this.#held.bytes);
    this.#held.set(bytes.subarray(0, 0));
    while (bytes.length > MAX_PART_BYTES) bytes = bytes.subarray(this.#cut(bytes, take));
    if (bytes.length > 0) take(this.#toPiece(bytes, { start: 0, stop: bytes.length, end: 'end' }));
  }

  #split(options: { bytes: Buffer; searchFrom: number; time: UnixTime; take: TakePiece }): Buffer {
    const { bytes, searchFrom, time, take } = options;
    const ends = new EndFinder(bytes, searchFrom);
    let start = 0;
    for (let end = ends.next(searchFrom); ; end = ends.next(start)) {
      // A line whose end is known is cut as soon as it is over a part, another one when the look-ahead is there too.
      const most = end === undefined ? WINDOW_BYTES : MAX_PART_BYTES;
      while ((end?.at ?? bytes.length) - start > most) {
        start += this.#cut(bytes.subarray(start, end?.at ?? bytes.length), take);
        this.#openTime = time;
      }
      if (end === undefined) return bytes.subarray(start);
      take(this.#toPiece(bytes, { start, stop: end.at, end: end.kind }));
      this.#openOffset += 1;
      start = end.at + 1;
      this.#openTime = time;
    }
  }

  #cut(bytes: Buffer, take: TakePiece): number {
    const cut = this.#chooseCut(bytes.subarray(0, WINDOW_BYTES));
    take(this.#toPiece(bytes, { start: 0, stop: cut, end: 'cut' }));
    return cut;
  }

  #toPiece(all: Buffer, at: { start: number; stop: number; end: PieceEnd }): Piece {
    const { start, stop, end } = at;
    const raw = all.toString('utf8', start, stop);
    const bytes = raw.includes('\ufffd') ? toInvalid(raw, all.subarray(start, stop)) : undefined;
    const offset = this.#openOffset;
    this.#openOffset += stop - start;
    return { raw, bytes, offset, time: this.#openTime, end };
  }
}

/** A copy of the bytes that a text was read from, where they say something else. */
function toInvalid(text: string, bytes: Buffer): Buffer | undefined {
  return Buffer.from(text).equals(bytes) ? undefined : Buffer.from(bytes);
}

/** Finds the ends of pieces in one run of bytes. Looks for carriage returns only where there are any. */
class EndFinder {
  readonly #bytes: Buffer;
  #nextReturn: number;

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes;
    this.#nextReturn = bytes.indexOf(RETURN, from);
  }

  /** The next end at or behind `from`. Carriage returns as the very last bytes are none yet: a newline may follow. */
  next(from: number): { at: number; kind: 'newline' | 'redraw' } | undefined {
    const newline = this.#bytes.indexOf(NEWLINE, from);
    const redraw = this.#findRedraw(from);
    if (redraw >= 0 && (newline < 0 || redraw < newline)) return { at: redraw, kind: 'redraw' };
    return newline < 0 ? undefined : { at: newline, kind: 'newline' };
  }

  #findRedraw(from: number): number {
    while (this.#nextReturn >= 0) {
      if (this.#nextReturn < from) {
        this.#nextReturn = this.#bytes.indexOf(RETURN, from);
        continue;
      }
      const end = this.#skipReturns(this.#nextReturn);
      if (this.#bytes[end] !== NEWLINE) return end === this.#bytes.length ? -1 : this.#nextReturn;
      this.#nextReturn = this.#bytes.indexOf(RETURN, end);
    }
    return -1;
  }

  #skipReturns(from: number): number {
    let end = from;
    while (end - from < MAX_RETURNS && this.#bytes[end] === RETURN) end += 1;
    return end;
  }
}

/** Bytes kept from one chunk to the next, in a buffer that grows, so that tiny chunks don't make it quadratic. */
class HoldBuffer {
  #buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** All that is held with `chunk` behind it. */
  append(chunk: Buffer): Buffer {
    this.#reserve(this.#length + chunk.length);
    chunk.copy(this.#buffer, this.#length);
    this.#length += chunk.length;
    return this.bytes;
  }

  /** Holds `bytes` from now on, which may be a piece of what is held. */
  set(bytes: Buffer): void {
    const isOwn = bytes.buffer === this.#buffer.buffer;
    if (isOwn)
      this.#buffer.copyWithin(
        0,
        bytes.byteOffset - this.#buffer.byteOffset,
        bytes.byteOffset - this.#buffer.byteOffset + bytes.length,
      );
    else {
      this.#reserve(bytes.length);
      bytes.copy(this.#buffer);
    }
    this.#length = bytes.length;
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const grown = Buffer.from(new ArrayBuffer(Math.max(length, 2 * this.#buffer.length, 1024)));
    this.bytes.copy(grown);
    this.#buffer = grown;
  }
}
