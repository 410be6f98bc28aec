import * as v from 'valibot';
import { LEVEL_NAMES } from '../../model/severity.ts';
import { isReadingFormat, toSeverity } from './formats.ts';
import { findUnknownCode } from '../interpolation/strftime.ts';

/*
 * The kinds of values that settings have. Every message says what was expected: the place and the value that is there
 * instead come from `validate.ts`.
 */

/** What is said of a value that stands where keys are expected. */
export const MAPPING = 'expected a mapping of keys to values';

/** A mapping with these keys and no others. */
export function mapping<const Entries extends v.ObjectEntries>(entries: Entries) {
  const inner = v.strictObject(entries, MAPPING);
  // An object's schema takes a list as an object without keys.
  const isNoList = v.custom<v.InferInput<typeof inner>>((value) => !Array.isArray(value), MAPPING);
  return v.pipe(isNoList, inner);
}

/** A mapping whose keys anyone may choose. */
export function named<
  const Key extends v.GenericSchema<string, string>,
  const Value extends v.GenericSchema,
>(key: Key, value: Value) {
  const inner = v.record(key, value, MAPPING);
  const isNoList = v.custom<v.InferInput<typeof inner>>((input) => !Array.isArray(input), MAPPING);
  return v.pipe(isNoList, inner);
}

/** A text of one line, such as a name or a path. */
export function line(what: string): v.GenericSchema<string> {
  const message = `expected ${what}, as a text of one line`;
  return v.pipe(
    v.string(message),
    // oxlint-disable-next-line no-control-regex
    v.check((text) => text.trim() !== '' && !/[\u0000-\u001f\u007f]/.test(text), message),
  );
}

const LEVEL_MESSAGE = `expected a level name (${LEVEL_NAMES.map((name) => name.toLowerCase()).join(', ')}) or a Python level number`;

/** A level: its name in any case, or a number as Python's `logging` has them. */
export const LEVEL = v.custom<string | number>(
  (value) => toSeverity(value) !== undefined,
  LEVEL_MESSAGE,
);

const TRUE_WORDS: readonly unknown[] = [true, 'true', 'yes', 'on', 1, '1'];
const FALSE_WORDS: readonly unknown[] = [false, 'false', 'no', 'off', 0, '0'];

/** A time, up to an hour. */
export const SECONDS = v.pipe(
  v.number('expected a number of seconds'),
  v.check((seconds) => seconds >= 0 && seconds <= 3600, 'expected seconds from 0 to 3600'),
);

/** `true` or `false`; OmegaConf's other words and numbers for them too, since a variable's value is a text. */
export const SWITCH = v.pipe(
  v.custom<boolean | string | number>(
    (value) => [...TRUE_WORDS, ...FALSE_WORDS].includes(toWord(value)),
    'expected true or false',
  ),
  v.transform((value) => TRUE_WORDS.includes(toWord(value))),
);

function toWord(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/** Widths are bounded: one of a billion would be padded to. */
const CONVERSION = /%\([\w.]+\)[-+ #0]*\d{0,3}(?:\.\d{1,3})?[sdrf]|%%/g;
const EXAMPLE_FORMAT = '%(asctime)s %(levelname)s: %(message)s';
const FORMAT_MESSAGE = `expected a format string as Python's logging has it, such as "${EXAMPLE_FORMAT}"`;

/** A format string of Python's `logging`, with at least one conversion and no half ones. */
export const FORMAT = v.pipe(
  v.string(FORMAT_MESSAGE),
  v.check((format) => /%\([\w.]+\)/.test(format), FORMAT_MESSAGE),
  v.check(
    (format) => !format.replace(CONVERSION, '').includes('%'),
    ({ input }) =>
      `expected conversions such as %(message)s or %(lineno)d, and %% for a percent sign, at ${JSON.stringify(findHalfConversion(input))}`,
  ),
  v.check((format) => !format.includes('\0'), 'expected a format string without NUL characters'),
  // Names are looked up in objects.
  v.check(
    (format) => [...format.matchAll(/%\(([\w.]+)\)/g)].every(([, name]) => !((name ?? '') in {})),
    "expected names of a log record's attributes",
  ),
);

function findHalfConversion(format: string): string {
  const rest = format.replace(CONVERSION, (whole) => ' '.repeat(whole.length));
  const place = rest.indexOf('%');
  return format.slice(place, place + 20);
}

/** A format that lines can be told from plain output by: one with a level. */
export const READING_FORMAT = v.pipe(
  FORMAT,
  v.check(
    isReadingFormat,
    'expected a format with %(levelname)s and %(message)s, since nothing else tells its lines from other output',
  ),
);

/** The codes that `src/model/text-format.ts` has for `asctime`. */
export const DATE_CODES: readonly string[] = 'YmdHMSyFT%'.split('');
const DATE_MESSAGE = `expected a strftime format of ${DATE_CODES.map((code) => `%${code}`).join(' ')}`;

/** A `strftime` format for `%(asctime)s`. */
export const DATE_FORMAT = v.pipe(
  line('a strftime format such as "%Y-%m-%d %H:%M:%S"'),
  v.check((format) => findUnknownCode(format, DATE_CODES) === undefined, DATE_MESSAGE),
);

/** The source of a regular expression in JavaScript's syntax. */
export const PATTERN = v.pipe(
  v.string('expected a regular expression'),
  v.check(
    (pattern) => toPatternFault(pattern) === undefined,
    ({ input }) => toPatternFault(input)!,
  ),
);

function toPatternFault(pattern: string): string | undefined {
  try {
    return new RegExp(pattern).test('')
      ? 'expected a regular expression that matches something: this one matches the empty text too'
      : undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: (?:.*: )?/s, '');
    return `expected a regular expression in JavaScript's syntax (${reason})`;
  }
}
