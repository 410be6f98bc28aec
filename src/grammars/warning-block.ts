import type { Block } from './grammar.ts';
import { toTracebackKind } from './traceback-block.ts';

/** `path.py:12: UserWarning: message`, as `warnings.formatwarning` begins. */
export const WARNING =
  /^([^:]{1,1000}|<[^>]{1,100}>):(\d{1,9}): ((?:[A-Za-z_]\w{0,100}\.){0,10}[A-Z]\w{0,100}Warning): (.*)$/s;

/** Whether a message is a warning that `logging.captureWarnings` has caught. */
export function isCapturedWarning(message: string): boolean {
  return message.includes('Warning: ') && WARNING.test(message);
}

/** A warning's message has few lines; scikit-learn's longest 8. */
const MAX_MESSAGE_LINES = 24;
const SOURCE = /^ {2}\S/;
/** Behind other lines it must also look like a statement: `n_iter_i = check(`, `warnings.warn(message)`, `return f(x)`. */
const STATEMENT =
  /^ {2}(?:[A-Za-z_][\w.]{0,100}(?:\[[^\]]{0,100}\])?(?:, [\w.]{1,100}){0,5} ?(?:\(|[-+*/]?= )|(?:return|yield|raise|with|for|if|elif|while|assert|await|del) )/;

/**
 * What follows a warning: its source line, indented by two. The message may have more lines, which look like any other
 * text: they belong to it only if the source line comes after them.
 */
export class WarningBlock implements Block {
  readonly isWhole = true;
  readonly endsAtRecord = true;
  readonly #message: string[];
  #hasSource = false;

  constructor(message: string) {
    this.#message = [message];
  }

  offer(line: string): 'last' | 'hold' | 'refuse' {
    if (toTracebackKind(line) !== undefined) return 'refuse';
    this.#hasSource = isSource(line, this.#message.length);
    if (this.#hasSource) return 'last';
    this.#message.push(line);
    return this.#message.length <= MAX_MESSAGE_LINES ? 'hold' : 'refuse';
  }

  finish(): { body?: string } {
    return this.#hasSource ? { body: this.#message.join('\n') } : {};
  }
}

/** What follows a warning that was logged: the same, as parts of the message, and always an empty line at the end. */
export class CapturedWarningBlock implements Block {
  readonly isWhole = true;
  readonly endsAtRecord = true;
  readonly #message: string[];
  #hasSource = false;

  constructor(message: string) {
    this.#message = [message];
  }

  offer(line: string): 'take' | 'last' | 'hold' | 'refuse' {
    if (this.#hasSource) return line === '' ? 'last' : 'refuse';
    this.#hasSource = isSource(line, this.#message.length);
    this.#message.push(line);
    if (this.#hasSource) return 'take';
    return this.#message.length <= MAX_MESSAGE_LINES ? 'hold' : 'refuse';
  }

  finish(): { body?: string } {
    return this.#hasSource ? { body: this.#message.join('\n') } : {};
  }
}

/** @param count how many lines the warning has had. */
function isSource(line: string, count: number): boolean {
  return (count === 1 ? SOURCE : STATEMENT).test(line);
}
