import { ATTR } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { Grammar, Reading } from './grammar.ts';
import { toRelay } from './prefect.ts';
import { toSeverity } from './python-logging.ts';
import { createRecordBlock } from './traceback-after.ts';

/**
 * Log lines of any program that begin with a time and have a level's name near it, upper case or in brackets: the usual
 * formats of Python's `logging`, of Flask, gunicorn, Celery, Airflow, structlog, log4j, zap. Where the logger's name ends
 * and the message begins can only be guessed; a format string in the configuration says it.
 */
export const stampedLine: Grammar = {
  name: 'python',
  starts: '[(0123456789',
  read(line) {
    const stamp = STAMP.exec(line);
    if (stamp === null) return undefined;
    LEVEL.lastIndex = stamp[0].length;
    const level = LEVEL.exec(line);
    return level === null ? undefined : readBehind(line, stamp[1]!, level);
  },
};

const DATE = String.raw`(?:\d{4}[-/]\d\d[-/]\d\d|\d\d[-/]\d\d[-/]\d{2,4}|\d\d \w{3} \d{4})[T ]`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const STAMP = new RegExp(String.raw`^[[(]?((?:${DATE})?${CLOCK}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)`);

const SPACE = String.raw`[ \t]{0,8}`;
const BRACKETED = String.raw`(?:\[[^[\]]{0,80}\]|\{[^{}]{0,80}\}|\([^()]{0,80}\))${SPACE}(?:[-|:]${SPACE})?`;
const DELIMITED = String.raw`(?<before>[^|[\]]{1,100}?)[ \t]{1,8}(?:-|\|)[ \t]${SPACE}`;
// A thread, a process, a logger: no word of a sentence.
const TOKEN = String.raw`(?:(?=[^\s]{0,80}[\d._:-])[^\s|[\](){}]{1,80}|[A-Z][a-z]{1,40}[A-Z]\w{0,40})[ \t]{1,8}`;
// A level word must stand where a format puts it, not further on in a sentence: behind up to two fields, of which one may
// be a bare name, and not be a part of a word itself.
const LEVEL = new RegExp(
  String.raw`[\])]?${SPACE}(?:[-|:,]${SPACE})?(?:(?:${BRACKETED}){0,2}?|${DELIMITED}|${TOKEN})` +
    String.raw`(?:[[({]?(?<level>DEBUG?|INFO|WARN(?:ING)?|ERROR?|CRIT(?:ICAL)?|FATAL|TRACE|NOTICE|SUCCESS|Level \d{1,4})(?=$|[\s\])}:|/,])` +
    String.raw`|\[(?<lower>debug|info|warn|warning|error|critical|exception|notset) {0,8}(?=\]))`,
  'y',
);
/** What a format puts between level and message. */
const BEHIND = /(?:\/[^\s\]]{1,60})?[\])}]?[ \t]{0,10}(?:(?:-|\||::?)(?=\s|$)[ \t]{0,8}|:)?/y;

/** A field behind the level: one that can't be anything else. */
const FIELDS: readonly RegExp[] = [
  /\[(?<name>[^\s[\]]{1,200})\](?: - |: ?| |$)/y,
  /in (?<name>[\w.]{1,200}): /y,
  /(?<path>[\w./<>-]{1,200}):(?<row>\d{1,9})(?: - | \| |: ?|\] ?|[ \t])[ \t]{0,8}/y,
  /(?<name>[A-Za-z_<][\w.<>-]{0,200}): /y,
  /(?<name>__main__|root|[A-Za-z_]\w{0,80}(?:\.\w{1,80}){1,12})(?: - | \| )[ \t]{0,8}/y,
];

function readBehind(line: string, stamp: string, level: RegExpExecArray): Reading | undefined {
  const { level: upper, lower, before } = level.groups!;
  const severityText = upper ?? lower!;
  const severity = severityText === 'exception' ? toSeverity('ERROR') : toSeverity(severityText);
  if (severity === undefined) return undefined;
  BEHIND.lastIndex = LEVEL.lastIndex;
  BEHIND.exec(line);
  // With a logger's name before the level, what is behind it is the message.
  const field = before === undefined ? readField(line, BEHIND.lastIndex) : undefined;
  const logger = before ?? field?.groups['name'];
  const attributes = toCode(field?.groups);
  const repeats = toRelay(logger);
  const body = line.slice(field?.end ?? BEHIND.lastIndex);
  return {
    body,
    stamp: stamp.replace(/ ?UTC$/, 'Z').replace(/ (?=[+-]\d\d:?\d\d$)/, ''),
    severityText,
    severity,
    ...(logger !== undefined && { logger }),
    ...(attributes && { attributes }),
    ...(repeats && { repeats }),
    block: createRecordBlock({ severity, logger, body }),
  };
}

function readField(
  line: string,
  from: number,
): { groups: Readonly<Record<string, string | undefined>>; end: number } | undefined {
  for (const field of FIELDS) {
    field.lastIndex = from;
    const match = field.exec(line);
    if (match !== null) return { groups: match.groups!, end: field.lastIndex };
  }
  return undefined;
}

function toCode(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): Attributes | undefined {
  const path = groups?.['path'];
  if (path === undefined) return undefined;
  return { [ATTR.codeFilePath]: path, [ATTR.codeLine]: Number(groups!['row']) };
}
