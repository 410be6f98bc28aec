import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readBar, readCount } from '../../src/grammars/progress.ts';
import { stripEscapes } from '../../src/merge/console/ansi.ts';
import { ATTR, EVENT } from '../../src/model/attributes.ts';
import type { StoredRecord } from '../../src/spool/signal-reader.ts';
import type { Chunk } from './merge-console.ts';

/** A recorded output, and what is to be read in it. */
export interface Transcript {
  readonly name: string;
  readonly chunks: readonly (Chunk & { readonly bytes: Buffer })[];
  readonly about: string;
  readonly command: readonly string[];
  /** Address and outcome of each stage, in the order in which they end. */
  readonly stages: readonly (readonly [string, string])[];
  /** Study, number, state and values of each trial. */
  readonly trials: readonly (readonly unknown[])[];
  /** Severity, the first line of the message and the exception's type, of every record that has a level. */
  readonly leveled: readonly (readonly unknown[])[];
}

const FOLDER = join(import.meta.dirname, '../fixtures/transcripts');

/** The transcripts of `test/fixtures/transcripts`. */
export function loadTranscripts(): Transcript[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: tool }) =>
      readdirSync(join(FOLDER, tool))
        .filter((file) => file.endsWith('.jsonl'))
        .map((file) => loadTranscript(`${tool}/${file.slice(0, -'.jsonl'.length)}`)),
    );
}

export function loadTranscript(name: string): Transcript {
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  const expected = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Omit<
    Transcript,
    'name' | 'chunks'
  >;
  return { ...expected, name, chunks: lines.map(parseChunk) };
}

function parseChunk(line: string): Transcript['chunks'][number] {
  const { t, stream, text, b64 } = JSON.parse(line) as {
    t: number;
    stream: Chunk['stream'];
    text?: string;
    b64?: string;
  };
  const bytes = b64 === undefined ? Buffer.from(text!) : Buffer.from(b64, 'base64');
  return { stream, bytes, timeMs: t * 1000 };
}

/** The bytes of each stream. */
export function joinStreams(chunks: readonly Chunk[]): Map<string, Buffer> {
  const streams = new Map<string, Buffer[]>();
  for (const { stream, bytes } of chunks) {
    const own = streams.get(stream) ?? [];
    own.push(Buffer.from(bytes as string));
    streams.set(stream, own);
  }
  return new Map([...streams].map(([stream, parts]) => [stream, Buffer.concat(parts)]));
}

const STREAMS: Readonly<Record<string, string>> = { o: 'stdout', e: 'stderr', b: 'both' };

/** A record's bytes, a character each, and where it stands in its stream. */
export interface Placed {
  readonly offset: number;
  readonly latin1: string;
}

/** A record of a stream's output, with where it stands in it. */
export interface PlacedRecord extends Placed {
  readonly stream: string;
  readonly record: StoredRecord;
}

/** The records that were read in the output, in the order in which they were written. */
export function toPlacedRecords(records: readonly StoredRecord[]): PlacedRecord[] {
  return records.flatMap((record) => {
    const place = /\.([oeb])\.([0-9a-z]+)$/.exec(String(record.attributes[ATTR.uid]));
    if (place === null) return [];
    const original = record.attributes[ATTR.original];
    const bytes =
      original === undefined ? Buffer.from(record.body) : Buffer.from(original as string);
    return [
      {
        stream: STREAMS[place[1]!]!,
        offset: Number.parseInt(place[2]!, 36),
        latin1: bytes.toString('latin1'),
        record,
      },
    ];
  });
}

/**
 * Finds what isn't in exactly one record: looks up each record's lines in its stream, from where it begins, and then what
 * no record has. Redraws of progress bars may be left out, and nothing else.
 */
export function findUncovered(
  chunks: readonly Chunk[],
  records: readonly StoredRecord[],
): string[] {
  const faults: string[] = [];
  const placed = toPlacedRecords(records);
  for (const [stream, bytes] of joinStreams(chunks)) {
    const own = placed.filter((record) => record.stream === stream);
    faults.push(...findUncoveredIn(bytes, own));
  }
  return faults;
}

/** The same for one stream. */
export function findUncoveredIn(bytes: Buffer, records: readonly Placed[]): string[] {
  return new Coverage(bytes.toString('latin1'), records).findFaults();
}

class Coverage {
  readonly #text: string;
  readonly #records: readonly Placed[];
  readonly #starts: ReadonlySet<number>;
  readonly #isCovered: Uint8Array;
  readonly #faults: string[] = [];

  constructor(text: string, records: readonly Placed[]) {
    this.#text = text;
    this.#records = records;
    this.#starts = new Set(records.map(({ offset }) => offset));
    this.#isCovered = new Uint8Array(text.length);
  }

  findFaults(): string[] {
    // A line of a longer record may stand behind another record, which is placed first.
    const isLong = ({ latin1 }: Placed): boolean => latin1.includes('\n');
    for (const record of this.#records) if (!isLong(record)) this.#place(record);
    for (const record of this.#records) if (isLong(record)) this.#place(record);
    this.#findRest();
    return this.#faults;
  }

  #place({ offset, latin1 }: Placed): void {
    if (this.#text.startsWith(latin1, offset)) return this.#cover(offset, latin1.length);
    let place = offset;
    for (const [index, line] of latin1.split('\n').entries()) {
      const found = this.#findLine(line, place, index === 0);
      if (found === undefined) {
        this.#faults.push(`not as it came, at ${offset}: ${JSON.stringify(line)}`);
        return;
      }
      place = found;
    }
  }

  /** Finds a record's line at or behind a place, where others may have written between; gives the place behind it. */
  #findLine(line: string, from: number, isFirst: boolean): number | undefined {
    for (let start = from; start <= this.#text.length;) {
      const end = this.#endOf(start);
      const physical = this.#text.slice(start, end);
      if (physical === line && (isFirst || !this.#starts.has(start))) {
        this.#cover(start, line.length);
        return end + 1;
      }
      if (isFirst) return this.#coverPieces(start, physical, line) ? end + 1 : undefined;
      if (physical.endsWith(line) && this.#isTaken(start, end - line.length)) {
        this.#cover(end - line.length, line.length);
        return end + 1;
      }
      start = end + 1;
    }
    return undefined;
  }

  /** Whether other records have all of it, and there is something to have. */
  #isTaken(from: number, to: number): boolean {
    let hasTaken = false;
    for (let index = from; index < to; index += 1) {
      if (this.#isCovered[index] === 1) hasTaken = true;
      else if (this.#text[index] !== '\r') return false;
    }
    return hasTaken;
  }

  #endOf(start: number): number {
    const end = this.#text.indexOf('\n', start);
    return end < 0 ? this.#text.length : end;
  }

  /** A line out of which redraws were taken: its pieces are some of those between carriage returns. */
  #coverPieces(start: number, physical: string, line: string): boolean {
    const wanted = line.split('\r');
    let place = start;
    for (const piece of physical.split('\r')) {
      if (piece === wanted[0]) {
        this.#cover(place, piece.length);
        wanted.shift();
      }
      place += piece.length + 1;
    }
    return wanted.length === 0;
  }

  #cover(from: number, length: number): void {
    const twice = this.#isCovered.subarray(from, from + length).indexOf(1);
    if (twice >= 0) this.#faults.push(`twice, at ${from + twice}`);
    this.#isCovered.fill(1, from, from + length);
  }

  #findRest(): void {
    let rest = '';
    for (let index = 0; index < this.#text.length; index += 1)
      rest += this.#isCovered[index] === 1 ? '\n' : this.#text[index]!;
    for (const piece of rest.split(/[\r\n]+/)) {
      const text = stripEscapes(Buffer.from(piece, 'latin1').toString('utf8'));
      const isFrame = text.trim() === '' || (readBar(text) ?? readCount(text)) !== undefined;
      if (!isFrame) this.#faults.push(`in no record: ${JSON.stringify(text)}`);
    }
  }
}

/** Records that stand before one that was written earlier; bars come when they have ended. */
export function findUnordered(records: readonly StoredRecord[]): string[] {
  const last = new Map<string, number>();
  return toPlacedRecords(records).flatMap(({ stream, offset, record }) => {
    if (record.eventName === EVENT.progress) return [];
    const before = last.get(stream) ?? -1;
    last.set(stream, offset);
    return offset < before ? [`${stream} ${offset} after ${before}`] : [];
  });
}
