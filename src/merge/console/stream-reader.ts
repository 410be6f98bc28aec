import type { Reading } from '../../grammars/grammar.ts';
import { readBar, readCount, readTqdm } from '../../grammars/progress.ts';
import type { ProgressFrame } from '../../grammars/progress.ts';
import { toDurationMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { stripEscapes } from './ansi.ts';
import type { GrammarTable } from './grammar-table.ts';
import { LineReader } from './line-reader.ts';
import { splitLine, toText } from './line.ts';
import type { ConsoleRecord, ConsoleSink, Line } from './line.ts';
import { LineSplitter } from './line-splitter.ts';
import type { ChooseCut, Piece, PieceEnd } from './line-splitter.ts';
import { ProgressTracker } from './progress-tracker.ts';
import type { KeptProgress } from './progress-tracker.ts';
import { chooseText } from './returns.ts';

/** Only so much silence ends a line or a block that nothing else has ended. */
export const SILENCE_MS = 5000;

/** A record of a stream: a {@link ConsoleRecord}, with what only the stream knows. */
export interface StreamRecord<Scope> extends ConsoleRecord<Scope> {
  /** A line over 128 KiB comes as several records: the offset of the first, and which this is, from 0. */
  readonly part?: { readonly of: number; readonly index: number };
  /** How many redraws of a progress bar it stands for. */
  readonly frames?: number;
}

export interface StreamSink<Scope> extends ConsoleSink<Scope> {
  record(record: StreamRecord<Scope>): void;
}

/**
 * Gives what of a piece of output is the stream's own and not known already, or `undefined` when nothing is. Sees every
 * piece, in order. What isn't the stream's own may still say something of the run's course: it can `observe` it.
 */
export type PieceFilter = (
  line: Line,
  /** What ended the piece, and when that was read. */
  ended: { readonly end: PieceEnd; readonly time: UnixTime },
  observe: (line: Line) => void,
) => Line | undefined;

/** A line of redraws that are no progress is kept as one line up to this length. */
const MAX_BEFORE_LENGTH = 128 * 1024;

/** A line over 128 KiB, of which some parts have come. */
interface LongLine<Scope> {
  readonly of: number;
  readonly index: number;
  readonly scope: Scope;
  readonly reading: Reading | undefined;
  readonly tool: string | undefined;
}

/** Makes records of one stream's bytes. The same bytes give the same records, however they are chunked. */
export class StreamReader<Scope> {
  readonly #splitter: LineSplitter;
  readonly #lines: LineReader<Scope>;
  readonly #sink: StreamSink<Scope>;
  readonly #filter: PieceFilter | undefined;
  readonly #progress: ProgressTracker;
  readonly #onPiece = (piece: Piece): void => this.#takePiece(piece);
  readonly #onObserved = (line: Line): void => this.#lines.observe(line);
  /** What stood before carriage returns and was no progress: the beginning of a line. */
  #before: Line | undefined;
  /** Carriage returns that came alone behind it, not yet in its text: joining each of millions takes a minute. */
  #loneReturns = 0;
  #longLine: LongLine<Scope> | undefined;
  #lastTime: UnixTime = [0, 0];
  #isSilence = false;

  constructor(options: {
    grammars: GrammarTable;
    sink: StreamSink<Scope>;
    chooseCut: ChooseCut;
    filter?: PieceFilter | undefined;
  }) {
    this.#sink = options.sink;
    this.#filter = options.filter;
    this.#splitter = new LineSplitter(options.chooseCut);
    this.#lines = new LineReader<Scope>(options.grammars, options.sink);
    this.#progress = new ProgressTracker((kept) => this.#recordProgress(kept));
  }

  /** Takes what was read from the stream at `time`. */
  push(bytes: Buffer, time: UnixTime): void {
    this.expire(time);
    this.#lastTime = time;
    this.#splitter.push(bytes, time, this.#onPiece);
  }

  /** Ends what is open when nothing has come for {@link SILENCE_MS} up to `time`. */
  expire(time: UnixTime): void {
    if (toDurationMs(this.#lastTime, time) < SILENCE_MS || !this.isOpen) return;
    this.#isSilence = true;
    this.close();
    this.#isSilence = false;
  }

  /** Whether something waits for more output. */
  get isOpen(): boolean {
    return (
      this.#splitter.isOpen ||
      this.#before !== undefined ||
      this.#lines.isOpen ||
      this.#progress.isOpen
    );
  }

  /** Ends what is open. */
  close(): void {
    this.#splitter.flush(this.#onPiece);
    this.#takeBefore();
    this.#lines.close(this.#isSilence);
    this.#progress.close();
  }

  #takePiece(piece: Piece): void {
    const whole = toLine(piece, this.#isSilence);
    const line =
      this.#filter === undefined
        ? whole
        : this.#filter(whole, { end: piece.end, time: this.#lastTime }, this.#onObserved);
    if (line === undefined) return;
    if (piece.end === 'cut' || this.#longLine !== undefined) {
      this.#takePart(line, piece.end !== 'cut');
    } else if (piece.end === 'redraw') {
      this.#takeRedraw(line);
    } else {
      this.#takeLine(line);
    }
  }

  /** What a carriage return ended: a redraw of a progress bar, or the beginning of a line. */
  #takeRedraw(line: Line): void {
    if (line.raw === '' && this.#before !== undefined) return this.#takeLoneReturn(this.#before);
    const frame = this.#readFrame(line.text);
    if (frame !== undefined) {
      this.#dropBlank();
      // What the bar is drawn over is no part of the line that follows the bar.
      this.#takeBefore();
      return this.#progress.redraw(line, frame.progress);
    }
    // White space behind a bar is what it is erased with.
    if (this.#before === undefined && this.#progress.isOpen && isBlank(line)) return;
    this.#before = joinBefore(this.#foldReturns(), addReturn(line));
    if (this.#before.raw.length > MAX_BEFORE_LENGTH) this.#takeBefore();
  }

  /** White space is what a bar is drawn over. */
  #dropBlank(): void {
    if (!isBlank(this.#before)) return;
    this.#before = undefined;
    this.#loneReturns = 0;
  }

  #takeLoneReturn(before: Line): void {
    this.#loneReturns += 1;
    if (before.raw.length + this.#loneReturns > MAX_BEFORE_LENGTH) this.#takeBefore();
  }

  /** What stood before, with all that came behind it. */
  #foldReturns(): Line | undefined {
    const returns = '\r'.repeat(this.#loneReturns);
    this.#loneReturns = 0;
    if (this.#before === undefined || returns === '') return this.#before;
    const bytes = this.#before.bytes && Buffer.concat([this.#before.bytes, Buffer.from(returns)]);
    return { ...this.#before, raw: this.#before.raw + returns, bytes };
  }

  #readFrame(text: string): ProgressFrame | undefined {
    const bar = readBar(text);
    // A log line with `3/10` in it is no bar, whatever follows it.
    return bar ?? (this.#lines.isRecord(text) ? undefined : readCount(text));
  }

  #takeBefore(): void {
    const line = this.#foldReturns();
    if (line === undefined) return;
    this.#before = undefined;
    this.#endBars();
    const text = chooseText(toText(line.raw), (part) => this.#lines.isRecord(part));
    this.#lines.take({ ...line, text });
  }

  #takeLine(line: Line): void {
    const bar = readTqdm(line.text);
    if (bar !== undefined) this.#dropBlank();
    if (this.#before !== undefined) {
      this.#before = joinBefore(this.#foldReturns(), line);
      return this.#takeBefore();
    }
    const rest = bar === undefined ? line : this.#takeBar(line, bar);
    this.#endBars();
    if (rest !== undefined) this.#lines.take(rest);
  }

  #endBars(): void {
    if (this.#progress.isOpen) this.#progress.close();
  }

  /** A bar that a newline ends. Another program's line may stand behind it: that one is given back. */
  #takeBar(line: Line, { progress, end }: ProgressFrame): Line | undefined {
    const index = line.text.length - line.text.slice(end).trimStart().length;
    if (index === line.text.length || line.bytes !== undefined) {
      this.#progress.redraw(line, progress);
      return undefined;
    }
    const [bar, rest] = splitLine(line, index);
    this.#progress.redraw(bar, progress);
    return rest;
  }

  #recordProgress({ line, progress, frames }: KeptProgress): void {
    const reading: Reading = { body: line.text, event: { type: 'progress', progress } };
    const scope = this.#sink.scope(undefined);
    this.#sink.record({ line, reading, tool: 'progress', scope, source: undefined, frames });
  }

  /** A part of a line that is too long. The first is read as a line; the others share what it said. */
  #takePart(line: Line, isLast: boolean): void {
    const known = this.#longLine ?? this.#beginLongLine(line);
    const part = { of: known.of, index: known.index + 1 };
    const isFirst = part.index === 0;
    const reading =
      isFirst || !known.reading ? known.reading : { ...known.reading, body: line.text };
    this.#sink.record({
      line,
      reading,
      tool: known.tool,
      scope: known.scope,
      source: undefined,
      part,
    });
    this.#longLine = isLast ? undefined : { ...known, index: part.index };
  }

  #beginLongLine(line: Line): LongLine<Scope> {
    this.#takeBefore();
    const { scope, reading, tool } = this.#lines.readAlone(line);
    return { of: line.offset, index: -1, scope, reading, tool };
  }
}

function toLine({ raw, bytes, offset, time, end }: Piece, isSilence: boolean): Line {
  return { text: toText(raw), raw, offset, time, bytes, isCut: isSilence && end === 'end' };
}

function isBlank(line: Line | undefined): boolean {
  return line !== undefined && stripEscapes(line.raw).trim() === '';
}

/** A piece with the carriage return that ended it. */
function addReturn(line: Line): Line {
  const bytes = line.bytes && Buffer.concat([line.bytes, Buffer.from('\r')]);
  return { ...line, raw: `${line.raw}\r`, bytes };
}

function joinBefore(before: Line | undefined, line: Line): Line {
  if (before === undefined) return line;
  const isValid = before.bytes === undefined && line.bytes === undefined;
  const bytes = isValid ? undefined : Buffer.concat([toBytes(before), toBytes(line)]);
  return { ...before, raw: before.raw + line.raw, bytes, isCut: line.isCut };
}

function toBytes({ bytes, raw }: Line): Buffer {
  return bytes ?? Buffer.from(raw);
}
