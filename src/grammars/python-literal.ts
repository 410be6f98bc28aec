import type { Attributes } from '../model/pipeline.ts';

/**
 * Reads what Python's `repr` writes for the values that parameters have: numbers, booleans, None, strings. Optuna prints
 * a trial's parameters as such a dict. Anything else (a nested list, an object) is kept as the text it is.
 */
export function parsePythonDict(text: string): Attributes | undefined {
  const read = readPythonDict(text, 0);
  return read?.end === text.length ? read.value : undefined;
}

/** A literal in a text, and where it ends. */
export interface Literal<Value> {
  readonly value: Value;
  readonly end: number;
}

/** Reads the dict that begins at a place in a text. What it holds may look like anything, the text behind it included. */
export function readPythonDict(text: string, from: number): Literal<Attributes> | undefined {
  const reader = new LiteralReader(text, from);
  const value = reader.dict();
  return value === undefined ? undefined : { value, end: reader.position };
}

/** Reads the quoted string that begins at a place in a text; `undefined` when none does or it has no end. */
export function readPythonString(text: string, from: number): Literal<string> | undefined {
  const reader = new LiteralReader(text, from);
  const value = reader.string();
  return value === undefined ? undefined : { value, end: reader.position };
}

/** A Python number: `1.5`, `-3`, `nan`, `inf`, `np.float64(0.5)`; `undefined` for anything else. */
export function parsePythonNumber(text: string): number | undefined {
  const bare = /^np\.\w{1,20}\((.{1,40})\)$/.exec(text)?.[1] ?? text;
  if (bare === 'nan') return NaN;
  if (bare === 'inf') return Infinity;
  if (bare === '-inf') return -Infinity;
  return /^[+-]?(?:\d[\d_]{0,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,4})?$/i.test(bare)
    ? Number(bare.replaceAll('_', ''))
    : undefined;
}

/** A Python list of numbers; what isn't a number is left out. */
export function parsePythonNumbers(text: string): number[] {
  return text
    .slice(1, -1)
    .split(',')
    .map((part) => parsePythonNumber(part.trim()))
    .filter((value) => value !== undefined);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
/** Escapes that give a character's number, by how many hexadecimal digits they have. */
const CODE_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

class LiteralReader {
  readonly #text: string;
  #position: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#position = from;
  }

  get position(): number {
    return this.#position;
  }

  dict(): Attributes | undefined {
    if (!this.#eat('{')) return undefined;
    // No prototype: a parameter may be called `__proto__`.
    const result: Attributes = Object.create(null) as Attributes;
    if (this.#eat('}')) return result;
    do {
      const key = this.string();
      if (key === undefined || !this.#eat(':')) return undefined;
      result[key] = this.#value();
    } while (this.#eat(','));
    return this.#eat('}') ? result : undefined;
  }

  #value(): string | number | boolean {
    const quoted = this.string();
    if (quoted !== undefined) return quoted;
    const text = this.#bare();
    if (text === 'True' || text === 'False') return text === 'True';
    const number = parsePythonNumber(text);
    // An integer beyond 2^53 would be another one as a JavaScript number.
    const isExact = Number.isSafeInteger(number) || !/^[+-]?[\d_]+$/.test(text);
    return number === undefined || !isExact ? text : number;
  }

  /** Up to the next comma or closing brace that no bracket encloses. */
  #bare(): string {
    this.#skipSpace();
    const start = this.#position;
    let depth = 0;
    while (this.#position < this.#text.length) {
      const character = this.#text[this.#position]!;
      if (depth === 0 && (character === ',' || character === '}')) break;
      if (character === "'" || character === '"') {
        // One without an end takes all that is left: this is no literal then.
        if (this.string() === undefined) this.#position = this.#text.length;
        continue;
      }
      if ('([{'.includes(character)) depth += 1;
      if (')]}'.includes(character)) depth -= 1;
      this.#position += 1;
    }
    return this.#text.slice(start, this.#position).trim();
  }

  string(): string | undefined {
    this.#skipSpace();
    const quote = this.#text[this.#position];
    if (quote !== "'" && quote !== '"') return undefined;
    let result = '';
    let from = this.#position + 1;
    for (let index = from; index < this.#text.length; index += 1) {
      const character = this.#text[index];
      if (character === quote) {
        this.#position = index + 1;
        return result + this.#text.slice(from, index);
      }
      if (character !== '\\') continue;
      const escape = readEscape(this.#text, index + 1);
      result += this.#text.slice(from, index) + escape.value;
      from = escape.end;
      index = from - 1;
    }
    return undefined;
  }

  #eat(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #skipSpace(): void {
    while (this.#text[this.#position] === ' ') this.#position += 1;
  }
}

/** What stands behind a backslash. An escape that Python doesn't have is kept as it is. */
function readEscape(text: string, from: number): Literal<string> {
  const letter = text[from] ?? '';
  const digits = text.slice(from + 1, from + 1 + (CODE_DIGITS[letter] ?? 0));
  if (digits !== '' && digits.length === CODE_DIGITS[letter] && /^[\da-f]+$/i.test(digits)) {
    const code = Number.parseInt(digits, 16);
    if (code <= 0x10ffff)
      return { value: String.fromCodePoint(code), end: from + 1 + digits.length };
  }
  return { value: ESCAPES[letter] ?? `\\${letter}`, end: from + 1 };
}
