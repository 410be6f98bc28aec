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
  starts: '[(<0123456789',
  read(line) {
    const stamp = STAMP.exec(line);
    if (stamp === null) return undefined;
    for (const pattern of [LEVEL, COMPACT]) {
      pattern.lastIndex = stamp[0].length;
      const level = pattern.exec(line);
      if (level !== null) return readBehind(line, stamp[1]!, { level, end: pattern.lastIndex });
    }
    return undefined;
  },
};

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const DATE = String.raw`(?:(?:\d{4}[-/]\d\d[-/]\d\d|\d\d[-/]\d\d(?:[-/]\d{2,4})?|(?:[A-Z][a-z]{2}, )?\d\d[ -]${MONTH}[ -]\d{2,4})[T ]|\d{4}-\d\d-\d\d:)`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const STAMP = new RegExp(
  String.raw`^(?:[[(<] ?)?((?:${DATE})?${CLOCK}(?: [AP]M)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)`,
);

const SPACE = String.raw`[ \t]{0,8}`;
const DELIMITER = '[-|;—–]';
const BRACKETED = String.raw`(?:\[[^[\]]{0,80}\]|\{[^{}]{0,80}\}|\([^()]{0,80}\))${SPACE}(?:[-|:]${SPACE})?`;
const DELIMITED = String.raw`(?<before>[^|[\]\s][^|[\]]{0,99}?)[ \t]{1,8}${DELIMITER}[ \t]${SPACE}`;
// A thread, a process, a logger: no word of a sentence.
const TOKEN = String.raw`(?:\d{1,9}[ \t]{1,8})?(?:(?=[^\s]{0,80}[\d._:-])[^\s|[\](){}]{1,80}|[A-Z][a-z]{1,40}[A-Z]\w{0,40})[ \t]{1,8}`;
// A level word must stand where a format puts it, not further on in a sentence: behind up to two fields, of which one may
// be a bare name, and not be a part of a word itself.
const NAMES =
  'DEBUG?|INFO|WARN(?:ING)?|ERROR?|CRIT(?:ICAL)?|FATAL|TRACE|NOTICE|SUCCESS|Level \\d{1,4}';
const LEVEL = new RegExp(
  // The bracket around the time may hold a logger's name too.
  String.raw`(?: ?[\])>]|[ \t][^\s[\]()]{1,80}\])?${SPACE}(?:(?:${DELIMITER}|[:,])${SPACE})?(?:(?:${BRACKETED}){0,2}?|${DELIMITED}|${TOKEN})` +
    String.raw`(?:[[({<]?(?<level>${NAMES})(?=$|[\s\])}>:|/,])` +
    String.raw`|\[(?<lower>debug|info|warn|warning|error|critical|exception|notset) {0,8}(?=\]))`,
  'y',
);
/** A format without blanks: `2026-11-23 01:33:56,793:train.py:main:INFO:message`, `...-app-INFO-message`. */
const COMPACT = new RegExp(
  String.raw`(?<sep>[-:])(?:(?<before>[\w.<>]{1,100})\k<sep>)(?:[\w.<>]{1,100}\k<sep>){0,2}(?<level>${NAMES})\k<sep>`,
  'y',
);
/** What a format puts between level and message. */
const BEHIND = /(?:\/[^\s\]]{1,60})?[\])}>]?[ \t]{0,10}(?:(?:[-|;—–]|::?)(?=\s|$)[ \t]{0,8}|:)?/y;

/** A field behind the level: one that can't be anything else. */
const FIELDS: readonly RegExp[] = [
  /\[(?<name>[^\s[\]]{1,200})\](?: - |: ?| |$)/y,
  /in (?<name>[\w.]{1,200}): /y,
  /\[(?<path>[\w./<>-]{1,200}):(?<row>\d{1,9})\][ \t]{0,8}/y,
  /(?<path>[\w./<>-]{1,200}):(?<row>\d{1,9})(?: [-|;—–] |: ?|\] ?|[ \t])[ \t]{0,8}/y,
  /(?<name>[A-Za-z_]\w{0,80}(?:\.\w{1,80}){1,12}) (?<row>\d{1,9}): /y,
  /(?<name>[A-Za-z_<][\w.<>-]{0,200}): /y,
  /(?<name>__main__|root|[A-Za-z_]\w{0,80}(?:\.\w{1,80}){1,12})(?: [-|;—–] )[ \t]{0,8}/y,
];
/** A field in front of the level that has the line's number too. */
const NUMBERED = /^(?<row>\d{1,9}) (?<name>\S{1,100})$/;
/** `[2026-11-23 01:33:56,793: INFO: train: message]`: a bracket around all of the line. */
const AROUND = /^\[[^[\]]*$/;
const NAME_INSIDE = /(?<name>[A-Za-z_][\w.]{0,80}) - /y;
/** Between bars a word is a field, which between dashes it need not be. */
const NAME_BETWEEN_BARS = /(?<name>[A-Za-z_][\w.]{0,80}) +\| /y;

const AROUND_ALL = [...FIELDS, NAME_INSIDE];
const WITH_BARS = [...FIELDS, NAME_BETWEEN_BARS];

function readBehind(
  line: string,
  stamp: string,
  { level, end }: { level: RegExpExecArray; end: number },
): Reading | undefined {
  const { level: upper, lower, before, sep } = level.groups!;
  const severityText = upper ?? lower!;
  const severity = severityText === 'exception' ? toSeverity('ERROR') : toSeverity(severityText);
  if (severity === undefined) return undefined;
  const isAround = line.endsWith(']') && AROUND.test(line.slice(0, end));
  BEHIND.lastIndex = end;
  if (sep === undefined) BEHIND.exec(line);
  const at = sep === undefined ? BEHIND.lastIndex : end;
  // With a logger's name before the level, what is behind it is the message.
  const field =
    before === undefined ? readField(line, at, toFields(line.slice(end, at), isAround)) : undefined;
  const numbered = before === undefined ? undefined : NUMBERED.exec(before)?.groups;
  const logger = numbered?.['name'] ?? before ?? field?.groups['name'];
  const attributes = toCode(numbered ?? field?.groups);
  const repeats = toRelay(logger);
  const body = line.slice(field?.end ?? at, isAround ? -1 : undefined);
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

function toFields(behind: string, isAround: boolean): readonly RegExp[] {
  if (behind.includes('|')) return WITH_BARS;
  return isAround ? AROUND_ALL : FIELDS;
}

function readField(
  line: string,
  from: number,
  fields: readonly RegExp[],
): { groups: Readonly<Record<string, string | undefined>>; end: number } | undefined {
  for (const field of fields) {
    field.lastIndex = from;
    const match = field.exec(line);
    if (match !== null) return { groups: match.groups!, end: field.lastIndex };
  }
  return undefined;
}

function toCode(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): Attributes | undefined {
  const { path, row } = groups ?? {};
  const attributes: Attributes = {
    ...(path !== undefined && { [ATTR.codeFilePath]: path }),
    ...(row !== undefined && { [ATTR.codeLine]: Number(row) }),
  };
  return row === undefined ? undefined : attributes;
}
