import type { ConsoleEvent, Reading } from '../../grammars/grammar.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { UnixTime } from '../../model/time.ts';
import { stripEscapes, toRawIndex } from './ansi.ts';

/** One line of a stream, colours and newline removed from `text`. */
export interface Line {
  readonly text: string;
  /** As it came, without its newline. */
  readonly raw: string;
  /** Where its first byte stands in the stream. */
  readonly offset: number;
  /** When its first byte was read. */
  readonly time: UnixTime;
  /** Its bytes, where they are no valid UTF-8 and `raw` has replacement characters in their place. */
  readonly bytes: Buffer | undefined;
  /** Whether a silence ended it, not its own end. */
  readonly isCut: boolean;
  /** What its process has told of it. */
  readonly told?: ToldLine | undefined;
}

/** A line that shows a record of a process. */
export interface ToldLine {
  /** The inbox of the process. */
  readonly source: string;
  /** What the record has beside what can be read in the line. */
  readonly attributes?: Attributes | undefined;
  /** The span that it lies in, where the line says of itself what it belongs to. */
  readonly span?: SpanId | undefined;
}

/** What is read of a text as it came: without colours, and without the carriage returns that a terminal adds. */
export function toText(raw: string): string {
  const text = stripEscapes(raw);
  return text.endsWith('\r') ? text.replace(/\r{1,8}$/, '') : text;
}

/** What a line, or a block of lines, turned out to be. */
export interface ConsoleRecord<Scope> {
  /** The line; of a block all of its lines, in `raw` and `bytes`. */
  readonly line: Line;
  /** What a grammar read in it; `undefined` for plain text. */
  readonly reading: Reading | undefined;
  /** The name of that grammar. */
  readonly tool: string | undefined;
  /** Where it belongs: decided when its first line came. */
  readonly scope: Scope;
  /** Which source's repetition it is, where several tools' lines come through one (see `Reading.repeats`). */
  readonly source: string | undefined;
}

/** The line that an event was read in. */
export interface EventOrigin {
  readonly line: Line;
  readonly reading: Reading;
  readonly source: string | undefined;
}

/** What the records and events of a stream act on. */
export interface ConsoleSink<Scope> {
  /** Where a line that begins now belongs; `source` as in {@link ConsoleRecord}. */
  scope(source: string | undefined): Scope;
  /**
   * Offers what a line says of the run's course. Gives the scope of the line's own record, or `undefined` when it can't
   * be (a stage that the project doesn't have): the line is then plain text.
   */
  offer(event: ConsoleEvent, from: EventOrigin): Scope | undefined;
  /** What a tool will print next in the words that are known before, if anything: it may have several lines. */
  expected?(source: string | undefined): string | undefined;
  record(record: ConsoleRecord<Scope>): void;
}

/** A line as two, cut before a place in its text. What is no valid UTF-8 can't be cut so. */
export function splitLine(line: Line, index: number): [Line, Line] {
  // The text is the end of what was printed: pieces that it was written over stand before it.
  const before = stripEscapes(line.raw).replace(/\r{1,8}$/, '').length - line.text.length;
  const at = toRawIndex(line.raw, Math.max(0, before) + index);
  const raw = line.raw.slice(0, at);
  return [
    { ...line, text: line.text.slice(0, index), raw },
    {
      ...line,
      text: line.text.slice(index),
      raw: line.raw.slice(at),
      offset: line.offset + Buffer.byteLength(raw),
    },
  ];
}

/** Several lines as one: their texts, and their bytes where one of them isn't UTF-8. */
export function joinLines(lines: readonly Line[]): Line {
  const first = lines[0]!;
  if (lines.length === 1) return first;
  const raw = lines.map((line) => line.raw).join('\n');
  if (lines.every((line) => line.bytes === undefined)) return { ...first, raw };
  const parts = lines.map((line) => line.bytes ?? Buffer.from(line.raw));
  const bytes = Buffer.concat(
    parts.flatMap((part, index) => (index === 0 ? [part] : [NEWLINE, part])),
  );
  return { ...first, raw, bytes };
}

const NEWLINE = Buffer.from('\n');
