import type { Block, ConsoleEvent, Grammar, Reading } from '../../grammars/grammar.ts';
import type { UnixTime } from '../../model/time.ts';

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
  readonly bytes?: Buffer;
  /** Set when a silence ended it, not its own end. */
  readonly isCut?: boolean;
}

/** What a line, or a block of lines, turned out to be. */
export interface ConsoleRecord<Scope> extends Line {
  /** What a grammar read in it; absent for plain text. */
  readonly reading?: Reading;
  /** Where it belongs: decided when its first line came. */
  readonly scope: Scope;
  /** Which source's repetition it is, where several tools' lines come through one (see `Reading.repeats`). */
  readonly source?: string;
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
  record(record: ConsoleRecord<Scope>): void;
}

/** A record that may go on. */
interface OpenBlock<Scope> {
  readonly block: Block;
  readonly record: ConsoleRecord<Scope>;
  readonly lines: Line[];
  length: number;
  held: Line[];
}

const MAX_BLOCK_LENGTH = 1024 * 1024;
/** Sources are few (tasks of a flow); the bound is against output that invents them. */
const MAX_SOURCES = 64;

/** Makes records of one stream's lines: offers each to the grammars, joins blocks, reads repeated lines once more. */
export class LineReader<Scope> {
  readonly #grammars: GrammarTable;
  readonly #sink: ConsoleSink<Scope>;
  readonly #sources = new Map<string, LineReader<Scope>>();
  readonly #source: string | undefined;
  #open: OpenBlock<Scope> | undefined;

  constructor(grammars: GrammarTable, sink: ConsoleSink<Scope>, source?: string) {
    this.#grammars = grammars;
    this.#sink = sink;
    this.#source = source;
  }

  /** Whether a record waits for what may still belong to it. */
  get isOpen(): boolean {
    return this.#open !== undefined || [...this.#sources.values()].some((source) => source.isOpen);
  }

  /** Takes the next line. `outer` is what a tool that repeats it said in front of it. */
  take(line: Line, outer?: Reading): void {
    if (this.#open !== undefined && this.#continue(this.#open, line)) return;
    this.#begin(line, outer);
  }

  /** Ends what is open: at the end of the output, or after a silence (`isCut`). */
  close(isCut = false): void {
    this.#closeOpen(isCut);
    for (const source of this.#sources.values()) source.close(isCut);
  }

  /** Whether the line belongs to the open block. If not, the block is closed and its held lines are read anew. */
  #continue(open: OpenBlock<Scope>, line: Line): boolean {
    const answer = open.length > MAX_BLOCK_LENGTH ? 'refuse' : open.block.offer(line.text);
    if (answer === 'refuse') {
      this.#closeOpen(false);
      return false;
    }
    open.held.push(line);
    if (answer === 'hold') return true;
    open.lines.push(...open.held);
    open.length += open.held.reduce((sum, { raw }) => sum + raw.length, 0);
    open.held = [];
    if (answer === 'last') this.#closeOpen(false);
    return true;
  }

  #closeOpen(isCut: boolean): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const added = open.block.finish();
    const { reading } = open.record;
    this.#sink.record({
      ...open.record,
      ...joinLines(open.lines),
      ...(reading && { reading: { ...added, ...reading, ...mergeAdded(reading, added) } }),
      ...(isCut && !open.block.isWhole && { isCut }),
    });
    for (const line of open.held) this.take(line);
  }

  /** Reads a line that can't go on in the next ones, without making a record of it: a part of one that is too long. */
  readAlone(line: Line): { reading?: Reading; scope: Scope } {
    this.close();
    return this.#read(line) ?? { scope: this.#sink.scope(this.#source) };
  }

  #begin(line: Line, outer: Reading | undefined): void {
    const found = this.#read(line);
    if (found?.reading.repeats !== undefined) {
      const source = this.#toSource(found.reading.repeats.source);
      source.take({ ...line, text: found.reading.body }, found.reading);
    } else if (found !== undefined) {
      this.#beginRecord(line, outer ? { ...found, reading: inherit(outer, found.reading) } : found);
    } else if (outer !== undefined) {
      this.#beginRecord(line, {
        reading: withoutRepeats(outer),
        scope: this.#sink.scope(this.#source),
      });
    } else if (!this.#splitGlued(line)) {
      this.#beginRecord(line, { scope: this.#sink.scope(this.#source) });
    }
  }

  /** The first reading whose event, if it has one, can be. */
  #read(line: Line): { reading: Reading; scope: Scope } | undefined {
    for (const reading of this.#grammars.readings(line.text)) {
      const { event } = reading;
      const scope =
        event === undefined
          ? this.#sink.scope(this.#source)
          : this.#sink.offer(event, { line, reading, source: this.#source });
      if (scope !== undefined) return { reading, scope };
    }
    return undefined;
  }

  #beginRecord(line: Line, found: { reading?: Reading; scope: Scope }): void {
    const record: ConsoleRecord<Scope> = {
      ...line,
      ...found,
      ...(this.#source !== undefined && { source: this.#source }),
    };
    const block = found.reading?.block?.();
    if (block === undefined) this.#sink.record(record);
    else this.#open = { block, record, lines: [line], length: line.raw.length, held: [] };
  }

  /** A tool's line behind text that a child left without a newline: two lines. */
  #splitGlued(line: Line): boolean {
    const index = this.#grammars.findGlued(line.text);
    if (index === undefined) return false;
    // Where colours were removed, the index doesn't fit the raw text: the pieces are then kept without colours.
    const raw = line.raw.startsWith(line.text) ? line.raw : line.text;
    this.take({ ...line, text: line.text.slice(0, index), raw: raw.slice(0, index) });
    this.take({
      ...line,
      text: line.text.slice(index),
      raw: raw.slice(index),
      offset: line.offset + Buffer.byteLength(raw.slice(0, index)),
    });
    return true;
  }

  #toSource(name: string): LineReader<Scope> {
    let reader = this.#sources.get(name);
    if (reader === undefined) {
      if (this.#sources.size >= MAX_SOURCES) this.#dropOldestSource();
      reader = new LineReader(this.#grammars, this.#sink, name);
    } else {
      this.#sources.delete(name);
    }
    this.#sources.set(name, reader); // last in the map: used last
    return reader;
  }

  #dropOldestSource(): void {
    const [name, reader] = this.#sources.entries().next().value!;
    reader.close();
    this.#sources.delete(name);
  }
}

/** What a block found, where the line itself didn't say it. */
function mergeAdded(reading: Reading, added: ReturnType<Block['finish']>): Partial<Reading> {
  return {
    ...(added.body !== undefined && { body: added.body }),
    attributes: { ...reading.attributes, ...added.attributes },
  };
}

/** A repeated line's own reading, with what it doesn't say taken from the line that repeats it. */
function inherit(outer: Reading, inner: Reading): Reading {
  const { event: _event, block: _block, ...given } = withoutRepeats(outer);
  return { ...given, ...inner, attributes: { ...outer.attributes, ...inner.attributes } };
}

function withoutRepeats(reading: Reading): Reading {
  const { repeats: _repeats, ...own } = reading;
  return own;
}

/** The text of several lines as one, and their bytes where one of them isn't UTF-8. */
function joinLines(lines: readonly Line[]): { raw: string; bytes?: Buffer } {
  const raw = lines.map((line) => line.raw).join('\n');
  if (lines.every((line) => line.bytes === undefined)) return { raw };
  const parts = lines.map((line) => line.bytes ?? Buffer.from(line.raw));
  return {
    raw,
    bytes: Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [NEWLINE, part]))),
  };
}

const NEWLINE = Buffer.from('\n');

/** Finds the grammars that can read a line by its first character. */
export class GrammarTable {
  readonly #byStart = new Map<string, Grammar[]>();
  readonly #gluing: readonly Grammar[];
  readonly #none: readonly Grammar[] = [];

  constructor(grammars: readonly Grammar[]) {
    for (const grammar of grammars) {
      for (const start of new Set(grammar.starts)) {
        const list = this.#byStart.get(start);
        if (list === undefined) this.#byStart.set(start, [grammar]);
        else list.push(grammar);
      }
    }
    this.#gluing = grammars.filter((grammar) => grammar.findGlued !== undefined);
  }

  /** Each grammar's reading of a line, in the registry's order. */
  *readings(text: string): Iterable<Reading> {
    for (const grammar of this.#candidates(text)) {
      const reading = grammar.read(text);
      if (reading !== undefined) yield { tool: grammar.name, ...reading };
    }
  }

  findGlued(text: string): number | undefined {
    for (const grammar of this.#gluing) {
      const index = grammar.findGlued!(text);
      if (index !== undefined) return index;
    }
    return undefined;
  }

  #candidates(text: string): readonly Grammar[] {
    const code = text.charCodeAt(0);
    const start = code >= 0xd800 && code < 0xdc00 ? text.slice(0, 2) : text.charAt(0);
    return this.#byStart.get(start) ?? this.#none;
  }
}
