import { fromLevelName } from '../model/severity.ts';
import type { ConsoleEvent, Grammar, Reading } from './grammar.ts';
import { TracebackAfterBlock, createRecordBlock } from './traceback-after.ts';

/**
 * Hydra's job log, `[%(asctime)s][%(name)s][%(levelname)s] - %(message)s`, its launcher's and sweeper's lines, which have
 * `[HYDRA]` and no level, and the line before the trimmed traceback of a failed job. Checked on Hydra 1.3.8.
 */
export const hydra: Grammar = {
  name: 'hydra',
  starts: '[E',
  read(line) {
    if (line.startsWith(FAILED)) return readFailure(line);
    const job = JOB.exec(line);
    if (job !== null) return readJobLine(job);
    const own = OWN.exec(line);
    return own === null ? undefined : readOwnLine(own);
  },
  // With `hydra_logging: none` the launcher's lines come in the job's format.
  loggers: 'hydra',
  toEvent,
};

const FAILED = 'Error executing job with overrides: ';
const STAMP = String.raw`\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\]`;
// A logger's name can have anything in it, brackets too.
const JOB = new RegExp(
  String.raw`^${STAMP}\[(.{0,300}?)\]\[([A-Z][A-Za-z]{1,30}|Level \d{1,4})\] - (.*)$`,
  's',
);
const OWN = new RegExp(String.raw`^${STAMP}\[HYDRA\] (.*)$`, 's');
const JOB_START = /^\t#(\d{1,9}) : (.*)$/s;

/** What the launchers say before they name their jobs: Hydra's own, and those of joblib, Ray, RQ and submitit. */
const LOCAL = /^Launching \d{1,9} jobs locally$/;
const SOMEWHERE = /^.{0,200}\bsweep output dir ?: /i;

/** `Error executing job with overrides: ['lr=0.3']` */
function readFailure(line: string): Reading {
  const event: ConsoleEvent = { type: 'job-fail', overrides: line.slice(FAILED.length) };
  return { body: line, event, block: () => new TracebackAfterBlock('') };
}

function readJobLine(match: RegExpExecArray): Reading | undefined {
  const severityText = match[3]!;
  const severity = fromLevelName(severityText);
  if (severity === undefined) return undefined;
  const body = match[4]!;
  const logger = match[2]!;
  return {
    body,
    severityText,
    severity,
    stamp: match[1]!,
    logger,
    block: createRecordBlock({ severity, logger, body }),
  };
}

function readOwnLine(match: RegExpExecArray): Reading {
  const stamp = match[1]!;
  const body = match[2]!;
  const event = toEvent(body);
  return event === undefined ? { body, stamp } : { body: body.trimStart(), stamp, event };
}

function toEvent(body: string): ConsoleEvent | undefined {
  const start = JOB_START.exec(body);
  if (start === null && LOCAL.test(body)) return { type: 'job-launch', isTogether: false };
  if (start === null && SOMEWHERE.test(body)) return { type: 'job-launch', isTogether: true };
  return start === null
    ? undefined
    : { type: 'job-start', number: Number(start[1]), overrides: start[2]! };
}
