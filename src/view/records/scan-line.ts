import { parseRecord, parseRecords } from '../../spool/signal-reader.ts';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import { RECORD_START } from './raw-record.ts';
import type { RawRecord } from './raw-record.ts';

/** What becomes of the records of a `logs.jsonl`. */
export interface RecordVisitor {
  /**
   * Whether a record is worth parsing, by its bytes: parsing all of a million takes seconds. Not asked where another
   * program has written the line, a Collector for instance.
   */
  mayTake(raw: RawRecord): boolean;
  take(record: StoredRecord): void;
}

const LIST_START = Buffer.from('"logRecords":[');
const SCOPE_START = Buffer.from('{"scope":');
const SCOPE_BREAK = Buffer.from(']},{"scope":');
const LINE_END_LENGTH = ']}]}]}'.length;
const BRACKET = 0x5b;
const COMMA = 0x2c;

/** Shows a visitor the records of one line of a `logs.jsonl`, in their order. What isn't a record is passed over. */
export function scanLine(line: Buffer, visitor: RecordVisitor): void {
  const first = line.indexOf(RECORD_START);
  if (first < 0 || !isListStart(line, first)) {
    for (const record of parseRecords(line)) visitor.take(record);
    return;
  }
  const { records, isWhole } = scanRecords(line, { first, visitor });
  // Torn, or written by somebody whose records begin as ours do and go on in another way.
  const parsed = isWhole ? [] : [...parseRecords(line)];
  for (const record of parsed.length > 0 ? parsed : records) visitor.take(record);
}

function isListStart(line: Buffer, first: number): boolean {
  const from = first - LIST_START.length;
  return from >= 0 && line.compare(LIST_START, 0, LIST_START.length, from, first) === 0;
}

function scanRecords(
  line: Buffer,
  { first, visitor }: { first: number; visitor: RecordVisitor },
): { records: StoredRecord[]; isWhole: boolean } {
  const records: StoredRecord[] = [];
  const scope = new ScopeName(line);
  const raw = { line, start: first, end: 0 };
  let isWhole = true;
  for (let start = first; start >= 0;) {
    const next = line.indexOf(RECORD_START, start + RECORD_START.length);
    if (line[start - 1] === BRACKET) scope.change(start);
    raw.start = start;
    raw.end = next < 0 ? line.length : next;
    if (visitor.mayTake(raw)) {
      const record = parseRecord(toJson(raw), scope.get());
      if (record === undefined) isWhole = false;
      else records.push(record);
    }
    start = next;
  }
  return { records, isWhole };
}

/** A record's JSON, without what stands between it and the next one. */
export function toJson({ line, start, end }: RawRecord): string {
  return line.toString('utf8', start, toExactEnd(line, end));
}

function toExactEnd(line: Buffer, end: number): number {
  if (end === line.length) return end - LINE_END_LENGTH;
  return line[end - 1] === COMMA ? end - 1 : line.lastIndexOf(SCOPE_BREAK, end);
}

/** The name of the scope that the records from a place on are in: the logger's. Read when it is asked for. */
class ScopeName {
  readonly #line: Buffer;
  #place = 0;
  #name: string | undefined;

  constructor(line: Buffer) {
    this.#line = line;
  }

  /** A new list of records begins at `place`. */
  change(place: number): void {
    this.#place = place;
    this.#name = undefined;
  }

  get(): string {
    this.#name ??= this.#read();
    return this.#name;
  }

  #read(): string {
    const start = this.#line.lastIndexOf(SCOPE_START, this.#place) + SCOPE_START.length;
    const end = this.#place - LIST_START.length - 1; // the comma before the list
    try {
      const scope = JSON.parse(this.#line.toString('utf8', start, end)) as {
        readonly name?: unknown;
      };
      return typeof scope.name === 'string' ? scope.name : '';
    } catch {
      return '';
    }
  }
}
