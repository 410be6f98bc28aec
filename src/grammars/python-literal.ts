import type { Attributes } from '../model/pipeline.ts';

/**
 * Reads what Python's `repr` writes for the values that parameters have: numbers, booleans, None, strings. Optuna prints
 * a trial's parameters as such a dict. Anything else (a nested list, an object) is kept as the text it is.
 */
export function parsePythonDict(text: string): Attributes | undefined {
  const reader = new LiteralReader(text);
  return reader.dict();
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

class LiteralReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  dict(): Attributes | undefined {
    if (!this.#eat('{')) return undefined;
    // No prototype: a parameter may be called `__proto__`.
    const result: Attributes = Object.create(null) as Attributes;
    if (this.#eat('}')) return result;
    do {
      const key = this.#string();
      if (key === undefined || !this.#eat(':')) return undefined;
      result[key] = this.#value();
    } while (this.#eat(','));
    return this.#eat('}') && this.#position === this.#text.length ? result : undefined;
  }

  #value(): string | number | boolean {
    const quoted = this.#string();
    if (quoted !== undefined) return quoted;
    const text = this.#bare();
    if (text === 'True' || text === 'False') return text === 'True';
    const number = parsePythonNumber(text);
    // A whole number beyond 2^53 would be another one as a JavaScript number.
    return number === undefined || (Number.isInteger(number) && !Number.isSafeInteger(number))
      ? text
      : number;
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
        this.#string();
        continue;
      }
      if ('([{'.includes(character)) depth += 1;
      if (')]}'.includes(character)) depth -= 1;
      this.#position += 1;
    }
    return this.#text.slice(start, this.#position).trim();
  }

  #string(): string | undefined {
    this.#skipSpace();
    const quote = this.#text[this.#position];
    if (quote !== "'" && quote !== '"') return undefined;
    let result = '';
    let index = this.#position + 1;
    for (; index < this.#text.length && this.#text[index] !== quote; index += 1) {
      if (this.#text[index] !== '\\') {
        result += this.#text[index];
        continue;
      }
      index += 1;
      result += ESCAPES[this.#text[index] ?? ''] ?? `\\${this.#text[index] ?? ''}`;
    }
    this.#position = Math.min(index + 1, this.#text.length);
    return result;
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
