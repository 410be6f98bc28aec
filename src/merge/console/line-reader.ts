import type { Block, ConsoleEvent, Reading } from '../../grammars/grammar.ts';
import type { UnixTime } from '../../model/time.ts';
import type { GrammarTable } from './grammar-table.ts';

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

/** A line as a grammar read it. */
interface ReadLine<Scope> {
  readonly reading: Reading;
  readonly tool: string;
  readonly scope: Scope;
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
  take(line: Line, outer?: ReadLine<Scope>): void {
    if (this.#open !== undefined && this.#continue(this.#open, line)) return;
    this.#begin(line, outer);
  }

  /** Ends what is open: at the end of the output, or after a silence. */
  close(isSilence = false): void {
    this.#closeOpen(isSilence);
    for (const source of this.#sources.values()) source.close(isSilence);
  }

  /** Reads a line that can't go on in the next ones, without making a record of it: a part of one that is too long. */
  readAlone(line: Line): { reading?: Reading; tool?: string; scope: Scope } {
    this.close();
    return this.#read(line) ?? { scope: this.#sink.scope(this.#source) };
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

  #closeOpen(isSilence: boolean): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const { record, lines, block, held } = open;
    this.#sink.record({
      ...record,
      line: { ...joinLines(lines), isCut: isSilence && !block.isWhole },
      reading: record.reading && addToReading(record.reading, block),
    });
    for (const line of held) this.take(line);
  }

  #begin(line: Line, outer: ReadLine<Scope> | undefined): void {
    const found = this.#read(line);
    if (found === undefined) {
      if (outer !== undefined)
        this.#beginRecord(line, { ...outer, scope: this.#sink.scope(this.#source) });
      else if (!this.#splitGlued(line)) this.#recordPlain(line);
    } else if (found.reading.repeats !== undefined) {
      const { source } = found.reading.repeats;
      this.#toSource(source).take({ ...line, text: found.reading.body }, found);
    } else {
      this.#beginRecord(line, outer === undefined ? found : inherit(outer, found));
    }
  }

  /** The first reading whose event, if it has one, can be. */
  #read(line: Line): ReadLine<Scope> | undefined {
    for (const grammar of this.#grammars.candidates(line.text)) {
      const reading = grammar.read(line.text);
      if (reading === undefined) continue;
      const scope =
        reading.event === undefined
          ? this.#sink.scope(this.#source)
          : this.#sink.offer(reading.event, { line, reading, source: this.#source });
      if (scope !== undefined) return { reading, tool: grammar.name, scope };
    }
    return undefined;
  }

  #recordPlain(line: Line): void {
    const scope = this.#sink.scope(this.#source);
    this.#sink.record({ line, reading: undefined, tool: undefined, scope, source: this.#source });
  }

  #beginRecord(line: Line, { reading, tool, scope }: ReadLine<Scope>): void {
    const record = { line, reading, tool, scope, source: this.#source };
    if (reading.block === undefined) this.#sink.record(record);
    else
      this.#open = {
        block: reading.block(),
        record,
        lines: [line],
        length: line.raw.length,
        held: [],
      };
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

/** A reading with what its block found, where the line itself didn't say it. */
function addToReading(reading: Reading, block: Block): Reading {
  const added = block.finish();
  return {
    ...added,
    ...reading,
    body: added.body ?? reading.body,
    attributes: { ...reading.attributes, ...added.attributes },
  };
}

/** A repeated line's own reading, with what it doesn't say taken from the line that repeats it. */
function inherit<Scope>(outer: ReadLine<Scope>, inner: ReadLine<Scope>): ReadLine<Scope> {
  const { body, stamp, severity, severityText, logger } = inner.reading;
  const hasLevel = severity !== undefined;
  return {
    ...inner,
    reading: {
      ...inner.reading,
      body,
      stamp: stamp ?? outer.reading.stamp,
      severity: hasLevel ? severity : outer.reading.severity,
      severityText: hasLevel ? severityText : outer.reading.severityText,
      logger: logger ?? outer.reading.logger,
      attributes: { ...outer.reading.attributes, ...inner.reading.attributes },
    },
  };
}

/** Several lines as one: their texts, and their bytes where one of them isn't UTF-8. */
function joinLines(lines: readonly Line[]): Line {
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
