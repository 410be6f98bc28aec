import type { Block, Reading } from '../../grammars/grammar.ts';
import { findExpected, withExpectedLines } from './expected-text.ts';
import type { GrammarTable } from './grammar-table.ts';
import { joinLines, splitLine } from './line.ts';
import type { ConsoleRecord, ConsoleSink, Line } from './line.ts';

/** A record that may go on. */
interface OpenBlock<Scope> {
  readonly block: Block;
  readonly record: ConsoleRecord<Scope>;
  readonly lines: Line[];
  length: number;
  held: Line[];
  /** What others wrote into the middle of it; they come after it. */
  readonly passed: ConsoleRecord<Scope>[];
}

/** A line as a grammar read it. */
interface ReadLine<Scope> {
  readonly reading: Reading;
  readonly tool: string;
  readonly scope: Scope;
}

const MAX_BLOCK_LENGTH = 1024 * 1024;
/** Sources are few (tasks of a flow); the bound is against output that invents them. */
const MAX_SOURCES = 64;
/** Threads log while another one's traceback is being written; a traceback that never ends mustn't wait for ever. */
const MAX_PASSED = 100;

/** Makes records of one stream's lines: offers each to the grammars, joins blocks, reads repeated lines once more. */
export class LineReader<Scope> {
  readonly #grammars: GrammarTable;
  readonly #sink: ConsoleSink<Scope>;
  readonly #sources = new Map<string, LineReader<Scope>>();
  readonly #source: string | undefined;
  #open: OpenBlock<Scope> | undefined;
  /** The source whose line was the last, as long as lines without a prefix may go on with what it said. */
  #last: LineReader<Scope> | undefined;
  /** Whether that line was one of a tool's, so that what follows may be the rest of that tool's output. */
  #isLastTool = false;
  /** Whether a grammar has read the line that was taken last. */
  #hasRead = false;
  /** The source whose record was the last to wait for more. */
  #lastOpen: LineReader<Scope> | undefined;

  constructor(grammars: GrammarTable, sink: ConsoleSink<Scope>, source?: string) {
    this.#grammars = grammars;
    this.#sink = sink;
    this.#source = source;
  }

  /** Whether a record waits for what may still belong to it. */
  get isOpen(): boolean {
    return this.#open !== undefined || [...this.#sources.values()].some((source) => source.isOpen);
  }

  /** Whether it is inside of a record that can't end yet. */
  get #isInside(): boolean {
    return this.#open !== undefined && !this.#open.block.isWhole;
  }

  /** Takes the next line. `outer` is what a tool that repeats it said in front of it. */
  take(line: Line, outer?: ReadLine<Scope>): void {
    if (this.#last !== undefined && this.#takeBare(this.#last, line)) return;
    if (!this.#goesOn(line)) this.#begin(line, outer);
  }

  /** Reads a line whose record came by another way: only for what it says of the run's course. */
  observe(line: Line): void {
    const { body, repeats } = this.#read(line)?.reading ?? {};
    if (repeats === undefined || body === undefined) return;
    this.#toSource(repeats.source).observe({ ...line, text: body });
  }

  /** Ends what is open: at the end of the output, or after a silence. */
  close(isSilence = false): void {
    // Lines that were held, and turn out not to belong to it, may open the next.
    while (this.#open !== undefined) this.#closeOpen(isSilence);
    for (const source of this.#sources.values()) source.close(isSilence);
    this.#last = undefined;
  }

  /** Reads a line that can't go on in the next ones, without making a record of it: a part of one that is too long. */
  readAlone(line: Line): { reading?: Reading; tool?: string; scope: Scope } {
    this.close();
    return this.#read(line) ?? { scope: this.#sink.scope(this.#source) };
  }

  /** Whether a line without a prefix belongs to what a repeated line began: its record, or the same tool's output. */
  #takeBare(last: LineReader<Scope>, line: Line): boolean {
    if (this.#grammars.isRelayed(line.text)) {
      this.#last = undefined;
      return false;
    }
    if (last.#goesOn(line)) return true;
    if (this.#isLastTool) last.#begin(line, undefined);
    else this.#last = undefined;
    return this.#isLastTool;
  }

  /** Whether the line belongs to what is open. A block that it ends may have held lines that open another. */
  #goesOn(line: Line): boolean {
    while (this.#open !== undefined) {
      if (this.#continue(this.#open, line)) return true;
    }
    return false;
  }

  /** Whether the line belongs to the open block. If not, the block is closed and its held lines are read anew. */
  #continue(open: OpenBlock<Scope>, line: Line): boolean {
    const { block } = open;
    const isOther =
      open.length > MAX_BLOCK_LENGTH || (block.endsAtRecord === true && this.#isOther(line.text));
    const answer = isOther ? 'refuse' : block.offer(line.text);
    if (answer === 'refuse') {
      if (!block.isWhole && this.#pass(open, line)) return true;
      this.#closeOpen(false);
      return false;
    }
    open.held.push(line);
    if (answer === 'hold') return true;
    takeHeld(open, open.held.length);
    if (answer === 'last') this.#closeOpen(false);
    return true;
  }

  /** Whether a text is a record, or has one behind another program's text, whatever came before it. */
  isRecord(text: string): boolean {
    return this.#grammars.read(text) !== undefined || this.#grammars.findGlued(text) !== undefined;
  }

  /** Whether a line says of itself what it is: a level, a time, an event. */
  #isOther(text: string): boolean {
    const reading = this.#grammars.read(text);
    if (reading === undefined) return this.#grammars.findGlued(text) !== undefined;
    const { severity, stamp, event } = reading;
    return severity !== undefined || stamp !== undefined || event !== undefined;
  }

  /** Lets another thread's record pass that was written into the middle of a traceback. */
  #pass(open: OpenBlock<Scope>, line: Line): boolean {
    if (open.passed.length >= MAX_PASSED) return false;
    const { stamp, severity, repeats } = this.#grammars.read(line.text) ?? {};
    if (stamp === undefined || severity === undefined || repeats !== undefined) return false;
    const found = this.#read(line);
    if (found === undefined) return false;
    open.passed.push({ ...found, line, source: this.#source });
    return true;
  }

  #closeOpen(isSilence: boolean): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const { record, lines, block, passed } = open;
    takeHeld(open, block.claimed ?? 0);
    // Most records that could have gone on haven't.
    const isLineAlone = lines.length === 1 && block.isWhole;
    this.#sink.record(isLineAlone ? record : toWhole(open, isSilence));
    for (const other of passed) this.#sink.record(other);
    for (const line of open.held) this.take(line);
  }

  #begin(line: Line, outer: ReadLine<Scope> | undefined): void {
    const found = this.#read(line);
    this.#hasRead = found !== undefined;
    if (found === undefined) {
      this.#closeLastOpen();
      if (outer !== undefined)
        this.#beginRecord(line, { ...outer, scope: this.#sink.scope(this.#source) });
      else if (!this.#splitGlued(line)) this.#recordPlain(line);
    } else if (found.reading.repeats !== undefined) {
      this.#repeat(line, found);
    } else {
      this.#closeLastOpen();
      this.#beginRecord(line, outer === undefined ? found : inherit(outer, found));
    }
  }

  #repeat(line: Line, found: ReadLine<Scope>): void {
    const { body, repeats } = found.reading;
    const source = this.#toSource(repeats!.source);
    if (this.#lastOpen !== source) this.#closeLastOpen();
    source.#hasRead = false;
    source.take({ ...line, text: body }, found);
    this.#isLastTool = source.#hasRead;
    if (source.#open !== undefined) this.#lastOpen = source;
    this.#last = this.#isLastTool || source.#open !== undefined ? source : undefined;
  }

  /** Another line has come: a source's record that could be whole is. One inside of a traceback waits for its own lines. */
  #closeLastOpen(): void {
    const last = this.#lastOpen;
    if (last === undefined || last.#isInside) return;
    this.#lastOpen = undefined;
    last.#closeOpen(false);
  }

  /** The first reading whose event, if it has one, can be. */
  #read(line: Line): ReadLine<Scope> | undefined {
    for (const grammar of this.#grammars.candidates(line.text)) {
      const read = grammar.read(line.text);
      if (read === undefined) continue;
      const reading = this.#complete(read);
      const scope =
        reading.event === undefined
          ? this.#sink.scope(this.#source)
          : this.#sink.offer(reading.event, { line, reading, source: this.#source });
      if (scope !== undefined) return { reading, tool: grammar.name, scope };
    }
    return undefined;
  }

  /** A reading with what the sink and the logger's tool know of it. */
  #complete(reading: Reading): Reading {
    const { event, logger, body } = reading;
    if (event?.type === 'stage-command')
      return withExpectedLines(reading, this.#sink.expected?.(this.#source));
    if (logger === undefined || event !== undefined) return reading;
    const loggersEvent = this.#grammars.toEvent(logger, body);
    return loggersEvent === undefined ? reading : { ...reading, event: loggersEvent };
  }

  #recordPlain(line: Line): void {
    const scope = this.#sink.scope(this.#source);
    this.#sink.record({ line, reading: undefined, tool: undefined, scope, source: this.#source });
  }

  #beginRecord(line: Line, { reading, tool, scope }: ReadLine<Scope>): void {
    const record = { line, reading, tool, scope, source: this.#source };
    const block = reading.block?.();
    if (block === undefined) this.#sink.record(record);
    else
      this.#open = { block, record, lines: [line], length: line.raw.length, held: [], passed: [] };
  }

  /** A tool's line behind text that a child left without a newline: two lines. */
  #splitGlued(line: Line): boolean {
    const index =
      this.#grammars.findGlued(line.text) ??
      findExpected(line.text, this.#sink.expected?.(this.#source));
    if (index === undefined || line.bytes !== undefined) return false;
    for (const piece of splitLine(line, index)) this.take(piece);
    return true;
  }

  #toSource(name: string): LineReader<Scope> {
    let reader = this.#sources.get(name);
    if (reader === undefined) {
      if (this.#sources.size >= MAX_SOURCES) this.#dropFirstSource();
      reader = new LineReader(this.#grammars, this.#sink, name);
      this.#sources.set(name, reader);
    }
    return reader;
  }

  #dropFirstSource(): void {
    const [name, reader] = this.#sources.entries().next().value!;
    reader.close();
    this.#sources.delete(name);
  }
}

/** The first lines of those held turn out to belong to the record. */
function takeHeld(open: OpenBlock<unknown>, count: number): void {
  for (const line of open.held.splice(0, count)) {
    open.lines.push(line);
    open.length += line.raw.length;
  }
}

/** The record of a block with all its lines. */
function toWhole<Scope>(
  { record, lines, block }: OpenBlock<Scope>,
  isSilence: boolean,
): ConsoleRecord<Scope> {
  return {
    ...record,
    line: { ...joinLines(lines), isCut: lines.at(-1)!.isCut || (isSilence && !block.isWhole) },
    reading: record.reading && addToReading(record.reading, block),
  };
}

/** A reading with what its block found, where the line itself didn't say it. */
function addToReading(reading: Reading, block: Block): Reading {
  const added = block.finish();
  return {
    ...added,
    ...reading,
    event: added.event ?? reading.event,
    body: added.body ?? reading.body,
    attributes: { ...reading.attributes, ...added.attributes },
  };
}

/** A repeated line's own reading, with what it doesn't say taken from the line that repeats it. */
function inherit<Scope>(outer: ReadLine<Scope>, inner: ReadLine<Scope>): ReadLine<Scope> {
  const { body, stamp, severity, severityText } = inner.reading;
  const hasLevel = severity !== undefined;
  return {
    ...inner,
    reading: {
      ...inner.reading,
      body,
      stamp: stamp ?? outer.reading.stamp,
      severity: hasLevel ? severity : outer.reading.severity,
      severityText: hasLevel ? severityText : outer.reading.severityText,
      attributes: { ...outer.reading.attributes, ...inner.reading.attributes },
    },
  };
}
