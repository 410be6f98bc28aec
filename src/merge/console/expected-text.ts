import type { Block, Reading } from '../../grammars/grammar.ts';

/** Where in a line a text begins that is expected to come next and that ends the line. */
export function findExpected(text: string, expected: string | undefined): number | undefined {
  if (expected === undefined) return undefined;
  const end = expected.indexOf('\n');
  const first = end < 0 ? expected : expected.slice(0, end);
  return text.length > first.length && text.endsWith(first)
    ? text.length - first.length
    : undefined;
}

/** The reading of an expected text's first line: its other lines belong to the same record, whatever they look like. */
export function withExpectedLines(reading: Reading, expected: string | undefined): Reading {
  if (expected?.startsWith(`${reading.body}\n`) !== true) return reading;
  const [, ...lines] = expected.split('\n');
  return { ...reading, block: () => new ExpectedLines(reading.body, lines) };
}

class ExpectedLines implements Block {
  readonly isWhole = true;
  readonly #lines: readonly string[];
  #body: string;
  #count = 0;

  constructor(body: string, lines: readonly string[]) {
    this.#body = body;
    this.#lines = lines;
  }

  offer(line: string): 'take' | 'last' | 'refuse' {
    if (line.trimEnd() !== this.#lines[this.#count]?.trimEnd()) return 'refuse';
    this.#count += 1;
    this.#body += `\n${line}`;
    return this.#count === this.#lines.length ? 'last' : 'take';
  }

  finish(): { body: string } {
    return { body: this.#body };
  }
}
