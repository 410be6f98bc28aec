import type { Attributes } from '../model/pipeline.ts';
import { fromLevelName } from '../model/severity.ts';
import { TracebackAfterBlock } from './traceback.ts';
import type { ConsoleEvent, Grammar, TrialReading } from './grammar.ts';
import { parsePythonDict, parsePythonNumber, parsePythonNumbers } from './python-literal.ts';

/**
 * Optuna's own log lines: `[I 2026-11-23 01:34:48,294] Trial 0 finished with value: …`, on stderr, in colour on a
 * terminal (Optuna 2.10 always). Texts read in Optuna 5.0.0 and 2.10.1. Optuna prints nothing when a trial starts.
 */
export const optuna: Grammar = {
  name: 'optuna',
  starts: '[',
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, severityText, stamp, body] = match as unknown as [string, string, string, string];
    const event = toEvent(body);
    return {
      body,
      severityText,
      severity: fromLevelName(LEVELS[severityText]!)!,
      stamp,
      ...(event && { event }),
      ...(FAILED.test(body) && { block: () => new TracebackAfterBlock() }),
    };
  },
};

const LINE = /^\[([DIWEC]) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] ?(.*)$/s;
const LEVELS: Record<string, string> = {
  D: 'DEBUG',
  I: 'INFO',
  W: 'WARNING',
  E: 'ERROR',
  C: 'CRITICAL',
};

const CREATED = /^A new study created in .{1,200}? with name: (.{1,1000})$/;
const USING = /^Using an existing study with name '(.{1,1000})' instead of creating a new one\.$/;
const FINISHED =
  /^Trial (\d{1,9}) finished with value: (\S{1,40}) and parameters: (\{.*\})\. ?(?:Best is trial (\d{1,9}) with value: \S{1,40}?\.)?\s*$/s;
const FINISHED_VALUES =
  /^Trial (\d{1,9}) finished with values: (\[[^\]]{1,2000}\]) and parameters: (\{.*\})\.? ?\s*$/s;
const PRUNED = /^Trial (\d{1,9}) pruned\. ?(.*)$/s;
const FAILED =
  /^Trial (\d{1,9}) failed(?: with parameters: (\{.*?\}))? because of the following error: (.*)$|^Trial (\d{1,9}) failed with value (.*)$|^Trial (\d{1,9}) failed\b/s;
const ERROR_TYPE = /^(?:The value .*|([A-Za-z_][\w.]{0,200})\()/s;

function toEvent(body: string): ConsoleEvent | undefined {
  const trial = readTrial(body);
  if (trial !== undefined) return { type: 'trial-end', trial };
  const study = CREATED.exec(body) ?? USING.exec(body);
  return study === null ? undefined : { type: 'study-start', study: study[1]! };
}

function readTrial(body: string): TrialReading | undefined {
  if (!body.startsWith('Trial ')) return undefined;
  return readFinished(body) ?? readFailed(body) ?? readPruned(body);
}

function readFinished(body: string): TrialReading | undefined {
  const single = FINISHED.exec(body);
  const match = single ?? FINISHED_VALUES.exec(body);
  if (match === null) return undefined;
  const values = single ? [parsePythonNumber(match[2]!)] : parsePythonNumbers(match[2]!);
  return {
    number: Number(match[1]),
    state: 'COMPLETE',
    values: values.filter((value) => value !== undefined),
    params: toParams(match[3]),
    ...(match[4] !== undefined && { best: Number(match[4]) }),
  };
}

function readPruned(body: string): TrialReading | undefined {
  const match = PRUNED.exec(body);
  return match === null ? undefined : { number: Number(match[1]), state: 'PRUNED' };
}

function readFailed(body: string): TrialReading | undefined {
  const match = FAILED.exec(body);
  if (match === null) return undefined;
  const errorType = ERROR_TYPE.exec(match[3] ?? '')?.[1];
  return {
    number: Number(match[1] ?? match[4] ?? match[6]),
    state: 'FAIL',
    ...(match[2] !== undefined && { params: toParams(match[2]) }),
    ...(errorType !== undefined && { errorType }),
  };
}

function toParams(text: string | undefined): Attributes {
  return text === undefined ? {} : (parsePythonDict(text) ?? {});
}
