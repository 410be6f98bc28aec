import { ATTR } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import { fromLevelName, fromPythonLevel } from '../model/severity.ts';
import type { Grammar, Reading } from './grammar.ts';
import { toRelay } from './prefect.ts';
import { createRecordBlock } from './traceback-after.ts';

/**
 * Lines of Python's `logging` in any format given as its format string, in any of its three styles:
 * `%(asctime)s %(levelname)s:%(message)s`, `{asctime} {message}`, `$asctime $message`. A line counts only when all of the
 * format is there.
 * The fields: https://docs.python.org/3/library/logging.html#logrecord-attributes
 */
export function createPythonLogging(formats: readonly string[]): Grammar {
  return toGrammar(formats.map((format) => compileFormat(format, CONFIGURED)));
}

/** The formats without a time that are read without being configured, with the standard levels only. */
export function createCommonLogging(): Grammar {
  return toGrammar(COMMON_FORMATS.map((format) => compileFormat(format, STANDARD)));
}

// `basicConfig`'s own first. `ERROR something` alone is prose as often as not.
const COMMON_FORMATS: readonly string[] = [
  '%(levelname)s:%(name)s:%(message)s',
  '[%(levelname)s] %(message)s',
  '%(levelname)s [%(name)s] %(message)s',
  '%(levelname)s: %(message)s',
  '%(levelname)s - %(message)s',
  '%(levelname)s | %(message)s',
  // Hugging Face's
  '[%(levelname)s|%(filename)s:%(lineno)d] %(asctime)s >> %(message)s',
  '%(levelname)s %(asctime)s %(message)s',
];

function toGrammar(compiled: readonly (FormatReader | undefined)[]): Grammar {
  const readers = compiled.filter((reader) => reader !== undefined);
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

interface FormatReader {
  readonly starts: string;
  read(line: string): Reading | undefined;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

interface Field {
  /** What its text matches. Bounded, so that a line can't make the match slow. */
  readonly pattern: string;
  /** How it can begin. */
  readonly starts: string;
}

/** Up to the next literal. It ends with a letter, so that what pads it is matched in one way only. */
const ANY: Field = { pattern: String.raw`(?:.{0,99}?\S)?`, starts: '' };
/** A name: no blank is in it. */
const WORD: Field = { pattern: String.raw`\S{0,200}?`, starts: '' };
const NUMBER: Field = { pattern: String.raw`\d{1,20}`, starts: DIGITS };
const DECIMAL: Field = { pattern: String.raw`[\d.]{1,30}`, starts: DIGITS };

type Fields = Readonly<Record<string, Field>>;

/** The fields of a format that is known: its times can be in any `datefmt` that has a clock, its levels have any name. */
const CONFIGURED: Fields = {
  asctime: {
    pattern: String.raw`(?=[\dA-Za-z]).{0,30}?\d\d?:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?[AP]M)?(?: ?[+-]\d\d:?\d\d|Z)?.{0,10}?`,
    starts: DIGITS + LETTERS,
  },
  levelname: { pattern: String.raw`[A-Za-z]{1,20}|Level \d{1,4}`, starts: LETTERS },
  levelno: NUMBER,
  lineno: NUMBER,
  process: NUMBER,
  thread: NUMBER,
  msecs: DECIMAL,
  created: DECIMAL,
  relativeCreated: DECIMAL,
  name: WORD,
  funcName: WORD,
  module: WORD,
};

/** The fields of a format that is only supposed. */
const STANDARD: Fields = {
  asctime: { pattern: String.raw`[\d/-]{8,10}[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`, starts: DIGITS },
  levelname: {
    pattern: String.raw`DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL|Level \d{1,4}`,
    starts: 'DIWECFL',
  },
  name: { pattern: String.raw`[A-Za-z_][^\s:\[\]|]{0,199}`, starts: LETTERS },
  filename: { pattern: String.raw`[^\s:|]{1,200}`, starts: LETTERS },
  lineno: NUMBER,
};
// A field that begins a line and can be anything.
const ANY_START = `${LETTERS}${DIGITS}_<[(./`;

const CONVERSIONS: readonly RegExp[] = [
  /%\((\w+)\)[-#0 +]*\d*(?:\.\d+)?[sdrf]|%%/g,
  /\{(\w+)(?:![rsa])?(?::[^{}]*)?\}/g,
  /\$(\w+)|\$\{(\w+)\}/g,
];

/** What is in a format's own text; lines are read without colours. */
const COLOURS = /\x1b\[[\d;]*m/g;

interface Part {
  readonly literal: string;
  readonly name: string | undefined;
  /** Whether blanks may stand before its text. */
  readonly isPadded: boolean;
}

/** `undefined` for a format that says no level or no message. */
function compileFormat(format: string, fields: Fields): FormatReader | undefined {
  for (const conversion of CONVERSIONS) {
    const parts = splitFormat(format.replace(COLOURS, ''), conversion);
    const names = parts.flatMap(({ name }) => name ?? []);
    if (!names.includes('message')) continue;
    if (!names.includes('levelname') && !names.includes('levelno')) return undefined;
    const pattern = new RegExp(`^${toPattern(parts, fields)}$`, 's');
    return {
      starts: toStarts(parts[0]!, fields),
      read: (line) => readFields(pattern.exec(line), names),
    };
  }
  return undefined;
}

function splitFormat(format: string, conversion: RegExp): Part[] {
  const parts: Part[] = [];
  let end = 0;
  let before = '';
  for (const match of format.matchAll(conversion)) {
    before += format.slice(end, match.index);
    end = match.index + match[0].length;
    const name = match[1] ?? match[2];
    if (name === undefined) before += '%';
    else {
      parts.push({ literal: before, name, isPadded: /\d/.test(match[0]) });
      before = '';
    }
  }
  return [...parts, { literal: before + format.slice(end), name: undefined, isPadded: false }];
}

function toPattern(parts: readonly Part[], fields: Fields): string {
  return parts
    .map(({ literal, name }, index) => {
      const before = literal.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      const text = before.replace(/\s+/g, String.raw`\s{1,60}`);
      if (name === undefined) return text;
      if (name === 'message') return `${text}(.*)`;
      // What pads a field, unless the format has white space there: that matches it already.
      const left = /\s$/.test(literal) ? '' : String.raw`\s{0,20}`;
      const right = /^\s/.test(parts[index + 1]!.literal) ? '' : String.raw`\s{0,40}`;
      return `${text}${left}(${(fields[name] ?? ANY).pattern})${right}`;
    })
    .join('');
}

function toStarts({ literal, name, isPadded }: Part, fields: Fields): string {
  if (literal !== '') return String.fromCodePoint(literal.codePointAt(0)!);
  return `${isPadded ? ' ' : ''}${(fields[name ?? ''] ?? ANY).starts || ANY_START}`;
}

function readFields(match: RegExpExecArray | null, names: readonly string[]): Reading | undefined {
  if (match === null) return undefined;
  const value = (name: string): string | undefined => {
    const index = names.indexOf(name);
    return index < 0 ? undefined : match[index + 1];
  };
  const severityText = value('levelname') ?? value('levelno')!;
  const severity = toSeverity(severityText);
  // Beside a time it is a level, whatever its name; alone it has to be one that is known, as Python writes it.
  if (!names.includes('asctime') && !isStandardLevel(severityText, severity)) return undefined;
  const msecs = value('msecs');
  const time = value('asctime') ?? value('created');
  const stamp = time !== undefined && msecs !== undefined ? joinMsecs(time, msecs) : time;
  const logger = value('name');
  const body = value('message')!;
  const attributes = toCodeAttributes(value);
  const repeats = toRelay(logger);
  return {
    body,
    severityText,
    ...(severity !== undefined && { severity }),
    ...(stamp !== undefined && { stamp }),
    ...(logger !== undefined && logger !== '' && { logger }),
    ...(attributes && { attributes }),
    ...(repeats && { repeats }),
    block: createRecordBlock({ severity, logger, body }),
  };
}

/** Names that `%(levelname).4s` and `%(levelname).1s` cut off. */
const CUT_NAMES = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'NOTICE', 'TRACE', 'FATAL'];

/** A level's number, of a name that was cut off too. A level of the program's own has none that its name would tell. */
export function toSeverity(name: string): number | undefined {
  if (/^\d/.test(name)) return fromPythonLevel(Number(name));
  const upper = name.toUpperCase();
  const full = CUT_NAMES.find((known) => known.startsWith(upper));
  return fromLevelName(name) ?? (full === undefined ? undefined : fromLevelName(full));
}

function isStandardLevel(name: string, severity: number | undefined): boolean {
  return severity !== undefined && (name === name.toUpperCase() || name.startsWith('Level '));
}

function joinMsecs(time: string, msecs: string): string {
  return /[.,]\d/.test(time) ? time : `${time}.${msecs.split('.')[0]!.padStart(3, '0')}`;
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
