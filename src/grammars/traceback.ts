import { SEVERITY } from '../model/severity.ts';
import { ATTR } from '../model/attributes.ts';
import type { Block, Grammar } from './grammar.ts';

/**
 * Python tracebacks, as the interpreter, `logging.exception` and `traceback.print_exc` write them: one record with type,
 * message and stack, chained exceptions and exception groups included. The record's exception is the last one of a
 * chain, the one that was raised in the end. Checked on CPython 3.11.
 */
export const traceback: Grammar = {
  name: 'python',
  starts: 'T E',
  read(line) {
    if (isTracebackHeader(line)) return { body: line, block: () => new TracebackBlock(line) };
    return THREAD_HEADER.test(line)
      ? { body: line, block: () => new TracebackAfterBlock() }
      : undefined;
  },
};

const HEADER = 'Traceback (most recent call last):';
const GROUP_HEADER = /^ {2}\+ Exception Group Traceback \(most recent call last\):$/;
// What the interpreter prints before the traceback of a thread or of an exception that it can't raise.
const THREAD_HEADER = /^Exception (?:in thread .{1,200}|ignored in: .{1,400}):?$/;
const CHAINS = new Set([
  'During handling of the above exception, another exception occurred:',
  'The above exception was the direct cause of the following exception:',
]);
// `package.module.Name: message`; the name must look like a class, so that prose behind a stack is no exception.
const EXCEPTION = /^((?:[A-Za-z_]\w{0,200}\.){0,20}[A-Z_]\w{0,200})(?:: (.*)|:)?$/s;
const QUOTES = '"""';
const GROUP_PREFIX = /^ {2,}[|+]/;

/** Whether a line opens a traceback. */
export function isTracebackHeader(line: string): boolean {
  return line === HEADER || (line.startsWith('  + E') && GROUP_HEADER.test(line));
}

/** The lines after `Traceback (most recent call last):`. */
export class TracebackBlock implements Block {
  #lines: string[];
  #isGroup: boolean;
  #state: 'stack' | 'after-exception' | 'quoted' | 'chain' = 'stack';
  #type: string | undefined;
  #message = '';
  #held = 0;

  constructor(header: string) {
    this.#lines = [header];
    this.#isGroup = header !== HEADER;
  }

  get isWhole(): boolean {
    return this.#state === 'after-exception';
  }

  offer(line: string): ReturnType<Block['offer']> {
    if (this.#state === 'stack') return this.#offerInStack(line);
    return this.#offerAfterException(line);
  }

  finish(): ReturnType<Block['finish']> {
    const attributes: Record<string, string> = {
      [ATTR.exceptionStacktrace]: this.#lines.slice(0, this.#lines.length - this.#held).join('\n'),
    };
    if (this.#type !== undefined) attributes[ATTR.exceptionType] = this.#type;
    if (this.#message !== '') attributes[ATTR.exceptionMessage] = this.#message;
    return { attributes, severity: SEVERITY.error };
  }

  #offerInStack(line: string): 'take' | 'refuse' {
    // Source lines and markers are indented; an empty line inside a stack is source text of an interactive cell.
    if (line === '' || line.startsWith(' ') || line.startsWith('\t')) {
      if (!this.#isGroup || GROUP_PREFIX.test(line)) return this.#take(line);
    }
    const match = EXCEPTION.exec(line);
    if (match === null) return this.#isGroup ? this.#endGroup() : 'refuse';
    this.#type = match[1];
    this.#message = match[2] ?? '';
    this.#state = 'after-exception';
    return this.#take(line);
  }

  /** The exception of a group stands in its first lines: `  | ExceptionGroup: message (2 sub-exceptions)`. */
  #endGroup(): 'refuse' {
    for (const line of this.#lines) {
      const match = /^ {2}\| ([A-Z]\w{0,200}): (.*)$/.exec(line);
      if (match === null) continue;
      this.#type = match[1];
      this.#message = match[2] ?? '';
      break;
    }
    this.#state = 'after-exception';
    return 'refuse';
  }

  #offerAfterException(line: string): 'take' | 'hold' | 'refuse' {
    // multiprocessing and joblib quote the worker's traceback as the message of an exception of their own.
    if (line === QUOTES && this.#held === 0) {
      this.#state = this.#state === 'quoted' ? 'after-exception' : 'quoted';
      return this.#take(line);
    }
    if (this.#state === 'quoted') return this.#take(line);
    if (line === '' && this.#held < 2) {
      this.#held += 1;
      this.#lines.push(line);
      return 'hold';
    }
    if (this.#state === 'chain' && isTracebackHeader(line)) {
      this.#state = 'stack';
      this.#isGroup = line !== HEADER;
      return this.#take(line);
    }
    if (this.#held > 0 && CHAINS.has(line)) {
      this.#state = 'chain';
      return this.#take(line);
    }
    return 'refuse';
  }

  #take(line: string): 'take' {
    this.#lines.push(line);
    this.#held = 0;
    return 'take';
  }
}

/** A line that its traceback may follow, as `logging.exception` writes them. */
export class TracebackAfterBlock implements Block {
  #traceback: TracebackBlock | undefined;

  get isWhole(): boolean {
    return this.#traceback?.isWhole ?? true;
  }

  offer(line: string): ReturnType<Block['offer']> {
    if (this.#traceback !== undefined) return this.#traceback.offer(line);
    if (!isTracebackHeader(line)) return 'refuse';
    this.#traceback = new TracebackBlock(line);
    return 'take';
  }

  finish(): ReturnType<Block['finish']> {
    return this.#traceback?.finish() ?? {};
  }
}

/**
 * The `block` of a leveled line: Python's `logging` writes an exception's traceback behind the message. Only from ERROR
 * up, which is where `logging.exception` logs: a line that waits for what may follow is a line that is shown late.
 */
export function tracebackMayFollow(severity: number): (() => Block) | undefined {
  return severity >= SEVERITY.error ? createTracebackAfter : undefined;
}

const createTracebackAfter = (): Block => new TracebackAfterBlock();
