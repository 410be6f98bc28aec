import { SEVERITY } from './severity.ts';
import type { SeverityNumber } from './severity.ts';
import type { UnixTime } from './time.ts';
import { ZoneOffsets } from './zone-offsets.ts';
import { localZoneName } from './local-zone.ts';

/** What a text format can show of a log record. */
export interface TextRecord {
  readonly time: UnixTime;
  readonly severity: SeverityNumber;
  readonly severityText: string | undefined;
  readonly logger: string;
  readonly body: string;
  readonly runId: string;
  readonly stage: string | undefined;
  /** The value of any other attribute, by its name on the wire. */
  attribute(name: string): unknown;
}

/** Makes a record's text, without newline at its end. */
export type TextFormat = (record: TextRecord) => string;

type Part = (record: TextRecord) => string | number | undefined;

const CONVERSION = /%\(([\w.]+)\)([-+ #0]*)(\d*)(?:\.(\d+))?([sdrf])|%%/g;

/**
 * Compiles a format string of Python's `logging`, such as `%(asctime)s %(levelname)-8s %(message)s`. Known names:
 * `asctime`, `levelname`, `levelno`, `name`, `message`, `stage`, `run_id`, `msecs`, `created`, `filename`, `pathname`,
 * `lineno`, `funcName`, `process`, `threadName`, and any attribute of the record by its name on the wire.
 * A record without a level shows `-`.
 */
export function compileTextFormat(format: string, options: TextFormatOptions = {}): TextFormat {
  const formatTime = createTimeFormat(options.dateFormat, options.zone);
  const parts: (string | Part)[] = [];
  let end = 0;
  for (const match of format.matchAll(CONVERSION)) {
    if (match.index > end) parts.push(format.slice(end, match.index));
    parts.push(match[1] === undefined ? '%' : toPart(match, formatTime));
    end = match.index + match[0].length;
  }
  if (end < format.length) parts.push(format.slice(end));
  return (record) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : (part(record) ?? '-');
    return text;
  };
}

export interface TextFormatOptions {
  /** A `strftime` format for `asctime`; Python's default, `2026-11-23 01:33:56,793`, when left out. */
  readonly dateFormat?: string | undefined;
  /** The IANA zone that times are shown in; this process's own by default. */
  readonly zone?: string | undefined;
}

function toPart(match: RegExpExecArray, formatTime: (time: UnixTime) => string): Part {
  const [, name, flags = '', width = ''] = match;
  const part =
    name === 'asctime'
      ? (record: TextRecord) => formatTime(record.time)
      : (PARTS[name!] ?? toAttributePart(name!));
  if (width === '') return part;
  const length = Number(width);
  return flags.includes('-')
    ? (record) => String(part(record) ?? '-').padEnd(length)
    : (record) => String(part(record) ?? '-').padStart(length, flags.includes('0') ? '0' : ' ');
}

const PARTS: Readonly<Record<string, Part>> = {
  message: (record) => record.body,
  levelname: (record) => toLevelName(record.severity, record.severityText),
  levelno: (record) => toPythonLevel(record.severity),
  name: (record) => record.logger,
  stage: (record) => record.stage,
  run_id: (record) => record.runId,
  msecs: (record) => Math.floor(record.time[1] / 1e6),
  created: (record) => record.time[0] + record.time[1] / 1e9,
  filename: (record) => lastPart(record.attribute('code.file.path')),
  module: (record) => lastPart(record.attribute('code.file.path'))?.replace(/\.\w+$/, ''),
  pathname: toAttributePart('code.file.path'),
  lineno: toAttributePart('code.line.number'),
  funcName: toAttributePart('code.function.name'),
  process: toAttributePart('process.pid'),
  threadName: toAttributePart('thread.name'),
};

function toAttributePart(name: string): Part {
  return (record) => {
    const value = record.attribute(name);
    return value === undefined ? undefined : String(value);
  };
}

function lastPart(path: unknown): string | undefined {
  return typeof path === 'string' ? path.slice(path.lastIndexOf('/') + 1) : undefined;
}

const RANGE_NAMES = ['NOTSET', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

/** Python's name of a level: the source's own word where it is a word for more than its range (`SUCCESS`). */
export function toLevelName(
  severity: SeverityNumber,
  severityText: string | undefined,
): string | undefined {
  if (severity <= 0) return undefined;
  const isFirst = (severity - 1) % 4 === 0;
  if (!isFirst && severityText !== undefined && /^[A-Z]{2,12}$/.test(severityText))
    return severityText;
  return RANGE_NAMES[Math.min(5, (severity - 1) >> 2)];
}

/** The Python level of a severity number; 0 without one. */
export function toPythonLevel(severity: SeverityNumber): number {
  if (severity < SEVERITY.debug) return 0;
  return Math.min(5, (severity - 1) >> 2) * 10 + ((severity - 1) % 4);
}

/**
 * Records come many to a second, and from sources that are some seconds apart, or whole days where a program prints no date:
 * a prime, so that these aren't kept in one place.
 */
const KEPT_SECONDS = 61;
/** `000` to `999`. */
const MILLIS = Array.from({ length: 1000 }, (_, millis) => pad(millis, 3));

/** A formatter of times in a zone. */
function createTimeFormat(
  dateFormat: string | undefined,
  zone = localZoneName(),
): (time: UnixTime) => string {
  const offsets = new ZoneOffsets(zone);
  const kept: { seconds: number; text: string }[] = [];
  const toText = (seconds: number): string => {
    const known = kept[seconds % KEPT_SECONDS];
    if (known?.seconds === seconds) return known.text;
    const wall = new Date(seconds * 1000 + offsets.at(seconds * 1000));
    const text = dateFormat === undefined ? formatDefault(wall) : formatDate(dateFormat, wall);
    kept[seconds % KEPT_SECONDS] = { seconds, text };
    return text;
  };
  return ([seconds, nanos]) =>
    dateFormat === undefined
      ? `${toText(seconds)},${MILLIS[Math.floor(nanos / 1e6)]}`
      : toText(seconds);
}

/** `2026-11-23 01:33:56` of a wall clock that is given as if it were UTC. */
function formatDefault(wall: Date): string {
  const iso = wall.toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

const DATE_PARTS: Readonly<Record<string, (wall: Date) => string>> = {
  Y: (wall) => String(wall.getUTCFullYear()),
  y: (wall) => pad(wall.getUTCFullYear() % 100, 2),
  m: (wall) => pad(wall.getUTCMonth() + 1, 2),
  d: (wall) => pad(wall.getUTCDate(), 2),
  H: (wall) => pad(wall.getUTCHours(), 2),
  M: (wall) => pad(wall.getUTCMinutes(), 2),
  S: (wall) => pad(wall.getUTCSeconds(), 2),
  F: (wall) => wall.toISOString().slice(0, 10),
  T: (wall) => wall.toISOString().slice(11, 19),
  '%': () => '%',
};

/** The numeric directives of `strftime`; any other stays as it is. */
function formatDate(dateFormat: string, wall: Date): string {
  return dateFormat.replace(
    /%(.)/g,
    (directive, code: string) => DATE_PARTS[code]?.(wall) ?? directive,
  );
}

function pad(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
