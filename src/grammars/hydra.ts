import { fromLevelName } from '../model/severity.ts';
import { TracebackAfterBlock, tracebackMayFollow } from './traceback.ts';
import type { Grammar, Reading } from './grammar.ts';

/**
 * Hydra's job log, `[%(asctime)s][%(name)s][%(levelname)s] - %(message)s`, its launcher's and sweeper's lines, which have
 * `[HYDRA]` and no level, and the line before the trimmed traceback of a failed job. Checked on Hydra 1.3.8.
 */
export const hydra: Grammar = {
  name: 'hydra',
  starts: '[E',
  read(line) {
    if (line.startsWith(FAILED)) return { body: line, block: () => new TracebackAfterBlock() };
    const job = JOB.exec(line);
    if (job !== null) return readJobLine(job);
    const own = OWN.exec(line);
    return own === null ? undefined : readOwnLine(own);
  },
};

const FAILED = 'Error executing job with overrides: ';
const JOB =
  /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\]\[([^\][]{1,400})\]\[([A-Z][A-Za-z]{1,30}|Level \d{1,4})\] - (.*)$/s;
const OWN = /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\]\[HYDRA\] (.*)$/s;
const JOB_START = /^\t#(\d{1,9}) : (.*)$/s;

function readJobLine(match: RegExpExecArray): Reading | undefined {
  const severityText = match[3]!;
  const severity = fromLevelName(severityText);
  if (severity === undefined) return undefined;
  return {
    body: match[4]!,
    severityText,
    severity,
    stamp: match[1]!,
    logger: match[2]!,
    block: tracebackMayFollow(severity),
  };
}

function readOwnLine(match: RegExpExecArray): Reading {
  const stamp = match[1]!;
  const body = match[2]!;
  const start = JOB_START.exec(body);
  if (start === null) return { body, stamp };
  const event = { type: 'job-start', number: Number(start[1]), overrides: start[2]! } as const;
  return { body: body.trimStart(), stamp, event };
}
