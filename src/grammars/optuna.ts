import { fromLevelName } from '../model/severity.ts';
import type { Block, ConsoleEvent, Grammar, TrialReading } from './grammar.ts';
import {
  parsePythonNumber,
  parsePythonNumbers,
  readPythonDict,
  readPythonString,
} from './python-literal.ts';
import { TracebackAfterBlock } from './traceback-after.ts';
import { toTracebackKind } from './traceback-block.ts';

/**
 * Optuna's own log lines: `[I 2026-11-23 01:34:48,294] Trial 0 finished with value: …`, on stderr (on stdout beside a
 * progress bar), in colour on a terminal (Optuna 2.10 always). Texts read in Optuna 5.0.0 and 2.10.1. Optuna prints
 * nothing when a trial starts.
 */
export const optuna: Grammar = {
  name: 'optuna',
  starts: '[',
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, severityText, stamp, body] = match as unknown as [string, string, string, string];
    const event = toEvent(body);
    const block = event?.type === 'trial-end' ? toBlock(event.trial, body) : undefined;
    return {
      body,
      severityText,
      severity: fromLevelName(LEVELS[severityText]!)!,
      stamp,
      ...(event && { event }),
      ...(block && { block }),
    };
  },
  /** A trial's line behind what the objective printed without a newline. */
  findGlued(line) {
    const index = line.includes('] Trial ') ? line.search(GLUED) : -1;
    return index > 0 ? index : undefined;
  },
  loggers: 'optuna',
  toEvent,
};

const LINE = /^\[([DIWEC]) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] ?(.*)$/s;
const GLUED =
  /\[[IW] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] Trial \d{1,9} (?:finished with value|failed |pruned\. )/;
const LEVELS: Record<string, string> = {
  D: 'DEBUG',
  I: 'INFO',
  W: 'WARNING',
  E: 'ERROR',
  C: 'CRITICAL',
};

const CREATED = /^A new study created in .{1,200}? with name: (.{1,1000})$/;
const USING =
  /^Using an existing study with (?:name '|`study_name=')(.{1,1000})'`? instead of creating a new one\.$/;
const TRIAL = /^Trial (\d{1,9}) (finished with values?: |pruned\. ?|failed\b)/;
const PARAMETERS = / and parameters: /y;
const BEST = /^ ?Best is trial (\d{1,9}) with value: (\S{1,40})\.\s*$/;
const FAILED_PARAMETERS = ' with parameters: ';
const BECAUSE = / because of the following error: /;
const ERROR_TYPE = /^([A-Za-z_][\w.]{0,200})\(/;

function toEvent(body: string): ConsoleEvent | undefined {
  const trial = readTrial(body);
  if (trial !== undefined) return { type: 'trial-end', trial };
  const created = CREATED.exec(body);
  const study = created ?? USING.exec(body);
  if (study === null) return undefined;
  return { type: 'study-start', study: study[1]!, isNew: created !== null };
}

function readTrial(body: string): TrialReading | undefined {
  const match = TRIAL.exec(body);
  if (match === null) return undefined;
  const number = Number(match[1]);
  const rest = body.slice(match[0].length);
  if (match[2]!.startsWith('pruned')) return { number, state: 'PRUNED' };
  return match[2] === 'failed' ? readFailed(number, rest) : readFinished(number, rest);
}

/** `0.1 and parameters: {…}. Best is trial 0 with value: 0.1.`; several values stand in a list, named ones in a dict. */
function readFinished(number: number, text: string): TrialReading | undefined {
  const values = readValues(text);
  if (values === undefined) return undefined;
  PARAMETERS.lastIndex = values.end;
  const at = PARAMETERS.exec(text);
  const params = at === null ? undefined : readPythonDict(text, PARAMETERS.lastIndex);
  if (params === undefined || text[params.end] !== '.') return undefined;
  const best = BEST.exec(text.slice(params.end + 1));
  const bestValue = best === null ? undefined : parsePythonNumber(best[2]!);
  return {
    number,
    state: 'COMPLETE',
    values: values.value,
    params: params.value,
    ...(best && { best: Number(best[1]) }),
    ...(bestValue !== undefined && { bestValue }),
  };
}

function readValues(text: string): { value: number[]; end: number } | undefined {
  if (text.startsWith('{')) {
    const named = readPythonDict(text, 0);
    if (named === undefined) return undefined;
    const value = Object.values(named.value).map((item) => parsePythonNumber(String(item)) ?? NaN);
    return { value, end: named.end };
  }
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.search(/\s/);
  if (end <= 0) return undefined;
  const source = text.slice(0, end);
  if (source.startsWith('[')) return { value: parsePythonNumbers(source), end };
  const value = parsePythonNumber(source);
  return value === undefined ? undefined : { value: [value], end };
}

/** ` with parameters: {…} because of the following error: ValueError('bad').`, ` with value None.`, `, because …` */
function readFailed(number: number, text: string): TrialReading {
  const params = text.startsWith(FAILED_PARAMETERS)
    ? readPythonDict(text, FAILED_PARAMETERS.length)
    : undefined;
  const because = BECAUSE.exec(text.slice(params?.end ?? 0));
  const error =
    because === null ? '' : text.slice((params?.end ?? 0) + because.index + because[0].length);
  return {
    number,
    state: 'FAIL',
    ...(params && { params: params.value }),
    ...readError(error),
  };
}

/** `ValueError('bad').`, or what Optuna itself says: `The value nan is not acceptable.` */
function readError(text: string): Pick<TrialReading, 'errorType' | 'errorMessage'> {
  const named = ERROR_TYPE.exec(text);
  if (named === null) return text === '' ? {} : { errorMessage: text };
  const message = readPythonString(text, named[0].length);
  // With more arguments than one the exception's own text is another.
  const isAlone = message !== undefined && text[message.end] === ')';
  return { errorType: named[1]!, ...(isAlone && { errorMessage: message.value }) };
}

/** What follows a failed trial's line: the traceback, where it was an exception. */
function toBlock(trial: TrialReading, body: string): (() => Block) | undefined {
  if (trial.state !== 'FAIL') return undefined;
  // The message ends with a full stop (in Optuna 2 with the exception's closing bracket): if not, it goes on.
  const isCut = BECAUSE.test(body) && !/[.)]\s*$/.test(body);
  return isCut ? () => new FailureBlock() : () => new TracebackAfterBlock(body);
}

const MAX_MESSAGE_LINES = 24;

/** A failure whose error text has several lines: they are its own if the traceback comes after them. */
class FailureBlock implements Block {
  readonly #traceback = new TracebackAfterBlock('');
  #isMessage = true;
  #lines = 0;

  get isWhole(): boolean {
    return this.#traceback.isWhole;
  }

  get endsAtRecord(): boolean {
    return this.#isMessage || this.#traceback.endsAtRecord;
  }

  offer(line: string): ReturnType<Block['offer']> {
    this.#lines += 1;
    if (this.#isMessage && toTracebackKind(line) === undefined)
      return this.#lines <= MAX_MESSAGE_LINES ? 'hold' : 'refuse';
    this.#isMessage = false;
    return this.#traceback.offer(line);
  }

  finish(): ReturnType<Block['finish']> {
    return this.#traceback.finish();
  }
}
