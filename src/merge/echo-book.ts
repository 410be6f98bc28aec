import type { PieceEnd } from './console/line-splitter.ts';

/** Of what never comes by, such as output that went to a file, this much is remembered. */
const MAX_EXPECTED_LENGTH = 16 * 1024 * 1024;
/** How many of the newest expectations are tried against a line that others have written into. */
const MAX_TRIED = 64;

/**
 * What one console will show once more because a command inside it, whose output is caught on its own, passes it on.
 * A wrapper writes what it catches into its inbox before it passes it on, so the expectation is always there first.
 * Equal lines are counted: a line that was passed on twice is expected twice, and one that came a third time is new.
 */
export class EchoBook {
  readonly #expected = new Map<string, number>();
  /** Ends of inner outputs that had no newline: the next line begins with them. */
  readonly #tails: string[] = [];
  #length = 0;

  /** A piece of an inner console's output: it will come by here. */
  expect(raw: string, end: PieceEnd): void {
    if (end === 'end') {
      if (raw !== '') this.#tails.push(raw);
      return;
    }
    const key = toKey(raw, end);
    const count = this.#expected.get(key);
    // An entry that is expected again becomes the newest.
    if (count !== undefined) this.#expected.delete(key);
    else this.#length += key.length;
    this.#expected.set(key, (count ?? 0) + 1);
    while (this.#length > MAX_EXPECTED_LENGTH) this.#forgetOldest();
  }

  /**
   * What of a piece is this console's own: `undefined` when all of it was expected, else the text that is left when
   * inner output at its beginning or end is taken off.
   */
  takeOwn(raw: string, end: PieceEnd): string | undefined {
    if (this.#expected.size === 0 && this.#tails.length === 0) return raw;
    if (this.#consume(toKey(raw, end))) return undefined;
    const tail = this.#tails.findIndex((each) => raw.startsWith(each));
    if (tail >= 0) {
      const [text] = this.#tails.splice(tail, 1);
      const rest = raw.slice(text!.length);
      return rest === '' ? undefined : this.takeOwn(rest, end);
    }
    return this.#takeOffEnd(raw, end);
  }

  /** An inner line behind text of this console's own that had no newline. */
  #takeOffEnd(raw: string, end: PieceEnd): string | undefined {
    for (const key of [...this.#expected.keys()].slice(-MAX_TRIED)) {
      const text = key.slice(1);
      if (key[0] !== end[0] || text === '' || text.length >= raw.length || !raw.endsWith(text))
        continue;
      this.#consume(key);
      return this.takeOwn(raw.slice(0, -text.length), end);
    }
    return raw;
  }

  #consume(key: string): boolean {
    const count = this.#expected.get(key);
    if (count === undefined) return false;
    if (count > 1) this.#expected.set(key, count - 1);
    else {
      this.#expected.delete(key);
      this.#length -= key.length;
    }
    return true;
  }

  #forgetOldest(): void {
    const key = this.#expected.keys().next().value;
    if (key === undefined) return;
    this.#expected.delete(key);
    this.#length -= key.length;
  }
}

function toKey(raw: string, end: PieceEnd): string {
  return `${end[0]}${raw}`;
}
