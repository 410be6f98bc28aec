/**
 * A log record as the bytes that `otlp/encode-log.ts` writes: `{"severityNumber":N`, its time, and the rest. No string
 * in JSON holds a quote that isn't escaped, so what is looked for here with its quotes can't lie in a logged text.
 */
export interface RawRecord {
  /** The whole line that it is in. The same object for all records of a line. */
  readonly line: Buffer;
  /** Where it begins in the line. */
  readonly start: number;
  /** Where the next one begins, or the line ends. */
  readonly end: number;
}

/** What every record begins with. */
export const RECORD_START = Buffer.from('{"severityNumber":');

const ZERO = 0x30;
const NINE = 0x39;
const QUOTE = 0x22;
const LETTER_T = 0x74;

/** The record's severity number. */
export function readSeverity({ line, start }: RawRecord): number {
  const first = line[start + RECORD_START.length]! - ZERO;
  const second = line[start + RECORD_START.length + 1]!;
  return second >= ZERO && second <= NINE ? first * 10 + second - ZERO : first;
}

const TIME_KEY_LENGTH = ',"timeUnixNano":"'.length;
const OBSERVED_KEY_LENGTH = ',"observedTimeUnixNano":"'.length;
const NANO_DIGITS = 19;

/** Whether the record's time is surely earlier than `nanos`, 19 digits. */
export function isBefore(raw: RawRecord, nanos: Buffer): boolean {
  const { line, start } = raw;
  const key = start + RECORD_START.length + (readSeverity(raw) >= 10 ? 2 : 1);
  const digits = key + (line[key + 2] === LETTER_T ? TIME_KEY_LENGTH : OBSERVED_KEY_LENGTH);
  if (line[digits - 1] !== QUOTE || line[digits + NANO_DIGITS] !== QUOTE) return false;
  return line.compare(nanos, 0, NANO_DIGITS, digits, digits + NANO_DIGITS) < 0;
}

/** Looks for the same bytes in one record after the other, and reads each line once for all of its records. */
export class Needle {
  readonly #bytes: Buffer;
  #line: Buffer | undefined;
  #place = -1;

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }

  /** Where the bytes end in the record; `undefined` when it hasn't any. */
  findEnd({ line, start, end }: RawRecord): number | undefined {
    if (line !== this.#line || (this.#place >= 0 && this.#place < start)) {
      this.#line = line;
      this.#place = line.indexOf(this.#bytes, start);
    }
    return this.#place >= start && this.#place < end ? this.#place + this.#bytes.length : undefined;
  }
}

/** As {@link Needle}, in any case of letters; `text` is ASCII. */
export class CaselessNeedle {
  readonly #pattern: RegExp;
  #line: Buffer | undefined;
  #text = '';
  #place = -1;

  constructor(text: string) {
    this.#pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'gi');
  }

  isIn({ line, start, end }: RawRecord): boolean {
    if (line !== this.#line) {
      this.#line = line;
      // In latin1 a byte is a character: places in the text are places in the line.
      this.#text = line.toString('latin1');
      this.#search(start);
    } else if (this.#place >= 0 && this.#place < start) {
      this.#search(start);
    }
    return this.#place >= start && this.#place < end;
  }

  #search(from: number): void {
    this.#pattern.lastIndex = from;
    this.#place = this.#pattern.exec(this.#text)?.index ?? -1;
  }
}
