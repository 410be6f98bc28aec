import { ATTR } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import { fromLevelName } from '../model/severity.ts';
import { tracebackMayFollow } from './traceback.ts';
import type { Grammar, Reading } from './grammar.ts';

/**
 * Lines of Python's `logging` in any format given as its format string, such as
 * `%(asctime)s %(levelname)s:%(message)s`. A line counts only when all of the format is there and the level's name is a
 * known one.
 * The conversions: https://docs.python.org/3/library/logging.html#logrecord-attributes
 */
export function createPythonLogging(formats: readonly string[]): Grammar {
  const readers = formats.map(compileFormat).filter((reader) => reader !== undefined);
  return {
    name: 'python',
    starts: readers.map((reader) => reader.starts).join(''),
    read(line) {
      for (const reader of readers) {
        const reading = reader.read(line);
        if (reading !== undefined) return reading;
      }
      return undefined;
    },
  };
}

/** The formats that are read without being configured: `basicConfig`'s default and those of Python's own documentation. */
export const COMMON_FORMATS: readonly string[] = [
  '%(levelname)s:%(name)s:%(message)s',
  '%(asctime)s - %(name)s - %(levelname)s - %(message)s',
  '%(asctime)s [%(levelname)s] %(name)s: %(message)s',
  '%(asctime)s [%(levelname)s] %(message)s',
  '%(asctime)s - %(levelname)s - %(message)s',
  '%(asctime)s %(levelname)s:%(message)s',
  '%(asctime)s %(levelname)s %(name)s: %(message)s',
  '%(asctime)s %(levelname)s: %(message)s',
  '%(asctime)s %(levelname)s [%(name)s] %(message)s',
  '%(asctime)s %(levelname)s %(message)s',
  '%(asctime)s | %(levelname)s | %(name)s:%(funcName)s:%(lineno)d - %(message)s',
  '%(asctime)s | %(levelname)s | %(message)s',
  '[%(asctime)s] %(levelname)s in %(module)s: %(message)s',
  '[%(asctime)s] [%(levelname)s] %(message)s',
  '[%(asctime)s %(levelname)s] %(message)s',
  '[%(asctime)s] %(levelname)s: %(message)s',
  '[%(levelname)s] %(message)s',
  '%(levelname)s [%(name)s] %(message)s',
  '%(levelname)s: %(message)s',
];

interface FormatReader {
  readonly starts: string;
  read(line: string): Reading | undefined;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

interface Field {
  /** What its text matches. Bounded, so that a line can't make the match quadratic. */
  readonly pattern: string;
  readonly starts: string;
}

const NAME: Field = { pattern: String.raw`[^\s:\[\]|]{1,300}?`, starts: `${LETTERS}_<` };
const NUMBER: Field = { pattern: String.raw`\d{1,20}`, starts: DIGITS };
const ANY: Field = { pattern: '.{0,400}?', starts: '' };

const FIELDS: Readonly<Record<string, Field>> = {
  asctime: {
    // The default, ISO 8601, a time alone, with slashes or a month's name, as `datefmt` is commonly set.
    pattern: String.raw`(?:\d{4}[-/]\d\d[-/]\d\d[ T]|\d\d[-/]\d\d[-/]\d{2,4} |\d\d \w{3} \d{4} )?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`,
    starts: DIGITS,
  },
  // Upper case only: `Error: no such file` is prose, `ERROR: no such file` says its level.
  levelname: { pattern: String.raw`[A-Z]{4,10}|Level \d{1,4}`, starts: 'TDINSWECFL' },
  name: NAME,
  module: NAME,
  funcName: NAME,
  filename: NAME,
  threadName: ANY,
  processName: ANY,
  pathname: ANY,
  taskName: ANY,
  lineno: NUMBER,
  levelno: NUMBER,
  process: NUMBER,
  thread: NUMBER,
  msecs: { pattern: String.raw`[\d.]{1,20}`, starts: DIGITS },
  created: { pattern: String.raw`[\d.]{1,30}`, starts: DIGITS },
  relativeCreated: { pattern: String.raw`[\d.]{1,30}`, starts: DIGITS },
};

const CONVERSION = /%\((\w+)\)[-#0 +]*\d*(?:\.\d+)?[sdrf]|%%/g;

/**
 * What reads the lines of one format; `undefined` for a format that says no level or whose message isn't the last thing
 * in it, since nothing tells such lines from plain text.
 */
function compileFormat(format: string): FormatReader | undefined {
  const names: string[] = [];
  let source = '^';
  let starts: string | undefined;
  let end = 0;
  for (const match of format.matchAll(CONVERSION)) {
    const literal = format.slice(end, match.index);
    end = match.index + match[0].length;
    source += toLiteralPattern(literal);
    starts ??= literal === '' ? undefined : literal[0]!;
    const name = match[1];
    if (name === undefined) source += '%';
    else if (name === 'message') return finishFormat({ format, source, names, starts, end });
    else {
      const field = FIELDS[name] ?? ANY;
      source += `(${field.pattern})\\s*`;
      names.push(name);
      starts ??= field.starts;
    }
  }
  return undefined;
}

function finishFormat(parts: {
  format: string;
  source: string;
  names: string[];
  starts: string | undefined;
  end: number;
}): FormatReader | undefined {
  const { format, source, names, starts, end } = parts;
  if (!names.includes('levelname') || end < format.trimEnd().length || !starts) return undefined;
  const pattern = new RegExp(`${source}(.*)$`, 's');
  return { starts, read: (line) => readFields(pattern.exec(line), names) };
}

/** A literal between two conversions: white space in it may be padding's. */
function toLiteralPattern(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replace(/\s+/g, String.raw`\s+`);
}

function readFields(match: RegExpExecArray | null, names: readonly string[]): Reading | undefined {
  if (match === null) return undefined;
  const value = (name: string): string | undefined => {
    const index = names.indexOf(name);
    return index < 0 ? undefined : match[index + 1];
  };
  const severityText = value('levelname')!;
  const severity = fromLevelName(severityText);
  if (severity === undefined) return undefined;
  const stamp = value('asctime');
  const logger = value('name');
  const attributes = toCodeAttributes(value);
  return {
    body: match[names.length + 1]!,
    severityText,
    severity,
    ...(stamp !== undefined && { stamp }),
    ...(logger !== undefined && { logger }),
    ...(attributes && { attributes }),
    block: tracebackMayFollow(severity),
  };
}

function toCodeAttributes(value: (name: string) => string | undefined): Attributes | undefined {
  const attributes: Attributes = {};
  const path = value('pathname') ?? value('filename');
  const line = value('lineno');
  const functionName = value('funcName');
  if (path !== undefined) attributes[ATTR.codeFilePath] = path;
  if (line !== undefined) attributes[ATTR.codeLine] = Number(line);
  if (functionName !== undefined) attributes[ATTR.codeFunction] = functionName;
  return Object.keys(attributes).length === 0 ? undefined : attributes;
}
