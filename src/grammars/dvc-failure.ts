import type { Block, ConsoleEvent } from './grammar.ts';
import { readPythonString } from './python-literal.ts';
import { TracebackAfterBlock } from './traceback-after.ts';

/** What one of DVC's WARNING and ERROR lines says. */
export interface FailureReading {
  readonly event?: ConsoleEvent;
  /** What its further lines look like, where it has any. */
  readonly following?: RegExp;
}

const FROZEN =
  /^stage: '(.{1,1000})' is frozen\. Its dependencies are not going to be reproduced\.$/;
const BLOCKED = /^Stages? (.{1,20000}) will be skipped due to this failure$/;
const REPRODUCE = 'failed to reproduce ';
const STAGES = 'stages: ';
const RUN = /^failed to run: (.*?)(?:, exited with (-?\d{1,10})(?: \(ignored\))?)?$/s;
const IGNORED = / \(ignored\)$/;
const MISSING_CACHE = /^Some of the cache files do not exist .{1,100}Missing cache files:$/;
const CACHE_LINE = /^(?:name: .{1,1000}, )?md5: [0-9a-f]{32}(?:\.dir)?$/;

/** What stopped a stage, as DVC says it behind the stage's name, or alone with `--keep-going`; and what the line goes on with. */
const CAUSES: readonly (readonly [cause: RegExp, following?: RegExp])[] = [
  [/^output '.{1,1000}' does not exist$/],
  [/^missing data 'source': /],
  [
    /^ ?output '.{1,1000}' is already tracked by SCM \(e\.g\. Git\)\.$/,
    /^ {4}(?: {4,8})?(?:You can remove it from|To stop tracking from|git (?:rm|commit)|\S{1,20} (?:rm|commit)) ?/,
  ],
  [
    /^'.{1,1000}' is busy, it is being blocked by:$/,
    /^(?: {2}\(PID \d{1,10}\): |If there are no processes with such PIDs, you can )/,
  ],
  // A missing file is a dependency of a stage that isn't named; all other errors of the system are the stage's own.
  [/^\[Errno (?!2\])\d{1,4}\] /],
];

/** Reads the text behind `WARNING: ` or `ERROR: `. */
export function readFailure(level: string, body: string): FailureReading | undefined {
  if (level === 'ERROR') return readReproduce(body);
  if (level !== 'WARNING') return undefined;
  let match;
  if ((match = FROZEN.exec(body))) return { event: { type: 'stage-frozen', stage: match[1]! } };
  if ((match = BLOCKED.exec(body)))
    return { event: { type: 'stages-blocked', stages: readNames(match[1]!) } };
  if (MISSING_CACHE.test(body)) return { following: CACHE_LINE };
  return readCause(body.replace(IGNORED, ''));
}

/** `failed to reproduce 'x': …`, `failed to reproduce stages: 'a' and 'b'`. Names are quoted as Python's `repr` does. */
function readReproduce(body: string): FailureReading | undefined {
  if (!body.startsWith(REPRODUCE)) return undefined;
  const text = body.slice(REPRODUCE.length);
  if (text.startsWith(STAGES))
    return { event: { type: 'stages-failed', stages: readNames(text.slice(STAGES.length)) } };
  const name = readPythonString(text, 0);
  if (name === undefined) return undefined;
  const cause = readCause(text.slice(name.end + 2));
  const { exitCode } = (cause?.event ?? {}) as { exitCode?: number };
  return {
    ...cause,
    event: {
      type: 'stage-fail',
      stage: name.value,
      isLast: true,
      ...(exitCode !== undefined && { exitCode }),
    },
  };
}

function readCause(text: string): FailureReading | undefined {
  const run = RUN.exec(text);
  if (run !== null) {
    const [, command, exitCode] = run;
    return {
      event: {
        type: 'stage-fail',
        isLast: false,
        command: command!,
        ...(exitCode !== undefined && { exitCode: Number(exitCode) }),
      },
    };
  }
  const cause = CAUSES.find(([pattern]) => pattern.test(text));
  if (cause === undefined) return undefined;
  const [, following] = cause;
  return { event: { type: 'stage-fail', isLast: false }, ...(following && { following }) };
}

/** `'a', 'b' and 'c'`, each as Python's `repr` quotes it. */
function readNames(text: string): string[] {
  const names: string[] = [];
  for (let from = 0; from < text.length;) {
    const name = readPythonString(text, from);
    if (name === undefined) break;
    names.push(name.value);
    from = name.end + (text.startsWith(' and ', name.end) ? 5 : 2);
  }
  return names;
}

const MAX_EMPTY = 2;

/** The further lines of a text that DVC prints, all of one look, empty ones between. */
export class FollowingLines implements Block {
  readonly isWhole = true;
  readonly #pattern: RegExp;
  #body: string;
  #empty = '';

  constructor(body: string, pattern: RegExp) {
    this.#body = body;
    this.#pattern = pattern;
  }

  offer(line: string): 'take' | 'hold' | 'refuse' {
    if (line === '' && this.#empty.length < MAX_EMPTY) {
      this.#empty += '\n';
      return 'hold';
    }
    if (!this.#pattern.test(line)) return 'refuse';
    this.#body += `${this.#empty}\n${line}`;
    this.#empty = '';
    return 'take';
  }

  finish(): { body: string } {
    return { body: this.#body };
  }
}

/** What a failed command's text ends with. */
export const EXITED = /, exited with (-?\d{1,10})(?: \(ignored\))?$/;
const MAX_COMMAND_LINES = 200;

/** A failed command of several lines; with `-v` its traceback follows. */
export class CommandBlock implements Block {
  readonly #traceback = new TracebackAfterBlock('');
  readonly #event: ConsoleEvent | undefined;
  #body: string;
  #exitCode: number | undefined;
  #lines = 0;

  constructor(body: string, event: ConsoleEvent | undefined) {
    this.#body = body;
    this.#event = event;
  }

  get isWhole(): boolean {
    return this.#traceback.isWhole;
  }

  offer(line: string): ReturnType<Block['offer']> {
    if (this.#exitCode !== undefined) return this.#traceback.offer(line);
    this.#lines += 1;
    if (this.#lines > MAX_COMMAND_LINES) return 'refuse';
    this.#body += `\n${line}`;
    const exited = EXITED.exec(line);
    if (exited === null) return 'hold';
    this.#exitCode = Number(exited[1]);
    return 'take';
  }

  finish(): ReturnType<Block['finish']> {
    const found = this.#traceback.finish();
    if (this.#exitCode === undefined) return found;
    const isFailure = this.#event?.type === 'stage-fail';
    const event = isFailure ? { ...this.#event, exitCode: this.#exitCode } : undefined;
    return { ...found, body: this.#body, ...(event && { event }) };
  }
}
