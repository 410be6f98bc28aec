import { ATTR } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import { SEVERITY } from '../model/severity.ts';
import type { Block } from './grammar.ts';
import { readPythonString } from './python-literal.ts';

/** Whose traceback it is: the interpreter's, one of an exception group, or one that rich drew a box around. */
export type TracebackKind = 'plain' | 'group' | 'rich';

const HEADER = 'Traceback (most recent call last):';
const GROUP_HEADER = '  + Exception Group Traceback (most recent call last):';
const RICH_HEADER = /^╭─{1,200} Traceback \(most recent call last\) ─{1,200}╮$/;
const CHAINS = new Set([
  'During handling of the above exception, another exception occurred:',
  'The above exception was the direct cause of the following exception:',
]);
const QUOTES = '"""';
const GROUP_LINE = /^ {2,200}[|+]/;
/** What ends a group, and with it those that it is the last of. */
const GROUP_END = /^ {4,200}\+-{30,80}$/;
const MODULE_FRAME = /^ {2}File ".{1,1000}", line \d{1,9}, in <module>$/;

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]{0,200}`;
// `package.module.Name: message`. Without a module it must look like a class, so that prose behind a stack is no exception.
const EXCEPTION = new RegExp(
  String.raw`^((?:(?:${NAME}|<locals>)\.){1,20}${NAME}|[\p{Lu}_][\p{L}\p{N}_]{0,200})(?:: (.*)|:)?$`,
  'su',
);
/** A line in a group, a line of a message that the interpreter doesn't indent, or an empty one before a chained exception. */
const MAX_HELD = 5;

/** What kind of traceback a line opens; `undefined` when it opens none. */
export function toTracebackKind(line: string): TracebackKind | undefined {
  if (line === HEADER) return 'plain';
  if (line === GROUP_HEADER) return 'group';
  return line.startsWith('╭─') && RICH_HEADER.test(line) ? 'rich' : undefined;
}

/** The lines of a traceback after its first, which may also be a syntax error's place or a remote traceback's opening. */
export class TracebackBlock implements Block {
  readonly #lines: string[];
  /** A text that may quote the exception, as `ValueError('first line\nsecond line')`: the only thing to tell where a message of several lines ends. */
  readonly #says: string;
  #kind: TracebackKind;
  #state: 'stack' | 'ended' | 'quoted' | 'chain' = 'stack';
  #type: string | undefined;
  #message = '';
  #moreMessage: string[] = [];
  #held = 0;
  #isAtFirstFrame = true;
  #isUncaught = false;

  constructor(first: string, says = '') {
    this.#lines = [first];
    this.#says = says;
    this.#kind = toTracebackKind(first) ?? 'plain';
    // `multiprocessing.pool.RemoteTraceback: ` is an exception's line itself; its message stands between quotes.
    if (first.endsWith(': ')) this.#state = 'ended';
  }

  get isWhole(): boolean {
    return this.#state === 'ended';
  }

  get endsAtRecord(): boolean {
    return this.#kind === 'group' && this.#state === 'stack';
  }

  /** Whether it begins at the top of a program, as that of an exception that ends it does. */
  get isUncaught(): boolean {
    return this.#isUncaught;
  }

  offer(line: string): ReturnType<Block['offer']> {
    if (this.#state !== 'stack') return this.#offerBehind(line);
    if (this.#isAtFirstFrame) this.#isUncaught = MODULE_FRAME.test(line);
    this.#isAtFirstFrame = false;
    return this.#kind === 'group' ? this.#offerInGroup(line) : this.#offerInStack(line);
  }

  finish(): ReturnType<Block['finish']> {
    const attributes = this.toAttributes();
    // One that was cut off before its exception is text like any other.
    if (attributes === undefined) return { body: this.#text };
    const body = this.#message === '' ? this.#type! : `${this.#type}: ${this.#message}`;
    return { attributes, severity: SEVERITY.error, body };
  }

  /** What it says of the exception; `undefined` as long as it hasn't come to it. */
  toAttributes(): Attributes | undefined {
    if (this.#type === undefined) return undefined;
    const attributes: Attributes = {
      [ATTR.exceptionType]: this.#type,
      [ATTR.exceptionStacktrace]: this.#text,
    };
    if (this.#message !== '') attributes[ATTR.exceptionMessage] = this.#message;
    return attributes;
  }

  get #text(): string {
    return this.#lines.slice(0, this.#lines.length - this.#held).join('\n');
  }

  #offerInStack(line: string): 'take' | 'refuse' {
    if (isStackLine(line, this.#kind)) return this.#take(line);
    const match = EXCEPTION.exec(line);
    if (match === null) return 'refuse';
    this.#setException(match[1]!, match[2] ?? '');
    return this.#take(line);
  }

  #offerInGroup(line: string): 'take' | 'hold' | 'refuse' {
    if (!GROUP_LINE.test(line)) return this.#hold(line);
    if (GROUP_END.test(line)) this.#endGroup();
    return this.#take(line);
  }

  /** The exception of a group stands in its first lines: `  | ExceptionGroup: message (2 sub-exceptions)`. */
  #endGroup(): void {
    for (const line of this.#lines) {
      const match = line.startsWith('  | ') ? EXCEPTION.exec(line.slice(4)) : null;
      if (match !== null) return this.#setException(match[1]!, match[2] ?? '');
    }
  }

  #setException(type: string, message: string): void {
    this.#type = type;
    this.#message = message;
    this.#moreMessage = findMoreMessage(this.#says, type, message);
    this.#state = 'ended';
  }

  #offerBehind(line: string): ReturnType<Block['offer']> {
    if (this.#kind === 'group' && this.#held === 0 && GROUP_LINE.test(line)) {
      if (!GROUP_END.test(line)) this.#state = 'stack';
      return this.#take(line);
    }
    if (this.#moreMessage.length > 0 && this.#held === 0) {
      const expected = this.#moreMessage.shift()!;
      if (line.trimEnd() === expected.trimEnd()) {
        this.#message += `\n${line}`;
        return this.#take(line);
      }
      this.#moreMessage = [];
    }
    // multiprocessing and joblib quote the worker's traceback as the message of an exception of their own.
    if (line === QUOTES && this.#held === 0) {
      this.#state = this.#state === 'quoted' ? 'ended' : 'quoted';
      return this.#take(line);
    }
    if (this.#state === 'quoted') return this.#take(line);
    return this.#offerChained(line);
  }

  #offerChained(line: string): 'take' | 'hold' | 'refuse' {
    const kind = this.#state === 'chain' ? toTracebackKind(line) : undefined;
    if (kind !== undefined) {
      this.#state = 'stack';
      this.#kind = kind;
      this.#isAtFirstFrame = true;
      return this.#take(line);
    }
    if (line === '') return this.#hold(line);
    if (this.#held === 0 || !CHAINS.has(line)) return 'refuse';
    this.#state = 'chain';
    return this.#take(line);
  }

  #take(line: string): 'take' {
    this.#lines.push(line);
    this.#held = 0;
    return 'take';
  }

  #hold(line: string): 'hold' | 'refuse' {
    if (this.#held >= MAX_HELD) return 'refuse';
    this.#held += 1;
    this.#lines.push(line);
    return 'hold';
  }
}

/** Frames, source lines and markers are indented or in the box; loguru points at a frame and puts empty lines between. */
function isStackLine(line: string, kind: TracebackKind): boolean {
  if (kind === 'rich') return line.startsWith('│') || line.startsWith('╰');
  return (
    line === '' || line.startsWith(' ') || line.startsWith('\t') || line.startsWith('> File "')
  );
}

/** The lines after the first of an exception's message, where a text quotes it. */
function findMoreMessage(says: string, type: string, message: string): string[] {
  const call = `${type.slice(type.lastIndexOf('.') + 1)}(`;
  const at = says.indexOf(call);
  const quoted = at < 0 ? undefined : readPythonString(says, at + call.length);
  const [first, ...more] = quoted?.value.split('\n') ?? [];
  return first?.trimEnd() === message.trimEnd() ? more : [];
}

/** What a text says that is a traceback as a whole; `undefined` when it is none. */
export function parseTraceback(text: string): Attributes | undefined {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  if (toTracebackKind(first) === undefined) return undefined;
  const block = new TracebackBlock(first);
  for (const [index, line] of lines.entries()) {
    if (block.offer(line) !== 'refuse') continue;
    const attributes = block.toAttributes();
    if (attributes === undefined) return undefined;
    // What follows the exception's first line is the rest of its message: nothing else is in the text.
    const message = [attributes[ATTR.exceptionMessage] ?? '', ...lines.slice(index)].join('\n');
    return {
      ...attributes,
      [ATTR.exceptionMessage]: message,
      [ATTR.exceptionStacktrace]: text.trimEnd(),
    };
  }
  return block.toAttributes();
}
