import type { Attributes } from '../model/pipeline.ts';
import { SEVERITY } from '../model/severity.ts';
import type { Block } from './grammar.ts';
import { TracebackBlock, toTracebackKind } from './traceback-block.ts';
import { CapturedWarningBlock, isCapturedWarning } from './warning-block.ts';

/** What `stack_info=True` puts behind a record; nothing else prints this line. */
const STACK_HEADER = 'Stack (most recent call last):';

/** A line that its traceback may follow, as `logging.exception` writes them. */
export class TracebackAfterBlock implements Block {
  readonly #says: string;
  readonly #details: RegExp | undefined;
  #traceback: TracebackBlock | undefined;
  #isInStackInfo = false;

  /**
   * @param says the line's own text, which may quote the exception.
   * @param details what may stand between the line and the traceback, or behind it.
   */
  constructor(says: string, details?: RegExp) {
    this.#says = says;
    this.#details = details;
  }

  get isWhole(): boolean {
    return this.#traceback?.isWhole ?? true;
  }

  get endsAtRecord(): boolean {
    return this.#traceback?.endsAtRecord ?? false;
  }

  offer(line: string): ReturnType<Block['offer']> {
    if (this.#isInStackInfo && line.startsWith('  ')) return 'take';
    if (this.#traceback !== undefined) {
      const answer = this.#traceback.offer(line);
      if (answer !== 'refuse' || !this.#traceback.isWhole) return answer;
    } else if (toTracebackKind(line) !== undefined) {
      this.#traceback = new TracebackBlock(line, this.#says);
      return 'take';
    }
    this.#isInStackInfo = line === STACK_HEADER;
    return this.#isInStackInfo || this.#details?.test(line) === true ? 'take' : 'refuse';
  }

  finish(): ReturnType<Block['finish']> {
    const attributes = this.#traceback?.toAttributes();
    return attributes === undefined ? {} : { attributes, severity: SEVERITY.error };
  }
}

/**
 * A warning's line that its traceback may follow (`exc_info=True`). A traceback that begins at the top of the program is
 * no part of it: that one says how the program ended, whatever its last line of log was. It may be the last of a chain,
 * so nothing is taken before the end.
 */
class LoggedTracebackBlock implements Block {
  readonly isWhole = true;
  readonly #says: string;
  #traceback: TracebackBlock | undefined;
  #offered = 0;
  #taken = 0;

  constructor(says: string) {
    this.#says = says;
  }

  get claimed(): number {
    return this.#attributes === undefined ? 0 : this.#taken;
  }

  offer(line: string): 'hold' | 'refuse' {
    if (this.#traceback === undefined) {
      if (toTracebackKind(line) === undefined) return 'refuse';
      this.#traceback = new TracebackBlock(line, this.#says);
      this.#taken = 1;
    } else {
      const answer = this.#traceback.offer(line);
      if (answer === 'refuse' || this.#traceback.isUncaught) return 'refuse';
      if (answer === 'take') this.#taken = this.#offered + 1;
    }
    this.#offered += 1;
    return 'hold';
  }

  finish(): ReturnType<Block['finish']> {
    const attributes = this.#attributes;
    return attributes === undefined ? {} : { attributes };
  }

  get #attributes(): Attributes | undefined {
    return this.#traceback?.isUncaught === false ? this.#traceback.toAttributes() : undefined;
  }
}

/**
 * The `block` of a leveled line of Python's `logging`: what it may write behind the message. Only from WARNING up, which is
 * where exceptions are logged: a line that waits for what may follow is a line that is shown late.
 */
export function createRecordBlock(record: {
  readonly severity: number | undefined;
  readonly logger: string | undefined;
  readonly body: string;
}): (() => Block) | undefined {
  const { severity, logger, body } = record;
  if (severity === undefined || severity < SEVERITY.warn) return undefined;
  if (logger === 'py.warnings' && isCapturedWarning(body))
    return () => new CapturedWarningBlock(body);
  return severity < SEVERITY.error
    ? () => new LoggedTracebackBlock(body)
    : () => new TracebackAfterBlock(body);
}
