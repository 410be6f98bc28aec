/** A piece of a text with interpolations: text as it is, or what stands between `${` and `}`, in pieces again. */
export type Piece = string | { readonly inner: readonly Piece[] };

export type ParsedText =
  | { readonly status: 'ok'; readonly pieces: readonly Piece[] }
  | { readonly status: 'failed'; readonly reason: string };

const MAX_DEPTH = 10;

/**
 * Splits a text at its interpolations, by OmegaConf's rules: `\${` is a `${` that stays, and before an interpolation
 * `\\` is one backslash. All other backslashes stay.
 * https://omegaconf.readthedocs.io/en/2.3_branch/grammar.html
 */
export function parseInterpolations(text: string): ParsedText {
  const reader = new PieceReader(text);
  const pieces = reader.read(0);
  return reader.fault === undefined
    ? { status: 'ok', pieces }
    : { status: 'failed', reason: reader.fault };
}

/** Whether a text has something for {@link parseInterpolations} to do. */
export function hasInterpolation(text: string): boolean {
  return text.includes('${');
}

class PieceReader {
  fault: string | undefined;
  readonly #text: string;
  #place = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the `}` that ends the interpolation which this is the inside of, or to the end of the text. */
  read(depth: number): Piece[] {
    const pieces: Piece[] = [];
    let text = '';
    let braceCount = 0;
    while (this.#place < this.#text.length && this.fault === undefined) {
      if (this.#isAtInterpolation()) {
        pieces.push(text, this.#readInner(depth));
        text = '';
        continue;
      }
      const taken = depth > 0 ? this.#takeInside() : this.#takeText();
      if (taken === '}' && depth > 0 && braceCount === 0) return [...pieces, text];
      if (taken === '{') braceCount += 1;
      if (taken === '}') braceCount -= 1;
      text += taken;
    }
    if (depth > 0) this.fault ??= '`${` without its `}`';
    return [...pieces, text];
  }

  #isAtInterpolation(): boolean {
    return this.#text.startsWith('${', this.#place);
  }

  #readInner(depth: number): Piece {
    this.#place += 2;
    if (depth < MAX_DEPTH) return { inner: this.read(depth + 1) };
    this.fault = `interpolations are nested more than ${MAX_DEPTH} deep`;
    return '';
  }

  /** A character, or the backslashes before a `${` as what they stand for. */
  #takeText(): string {
    const backslashes = /^\\+(?=\$\{)/.exec(this.#text.slice(this.#place, this.#place + 100))?.[0];
    if (backslashes === undefined) return this.#text[this.#place++]!;
    this.#place += backslashes.length;
    const kept = '\\'.repeat(backslashes.length >> 1);
    if (backslashes.length % 2 === 0) return kept;
    this.#place += 2;
    return `${kept}\${`;
  }

  /** A character, or a quoted text with its quotes: a brace in it is none. */
  #takeInside(): string {
    const quoted = /^(?:'[^']*'|"[^"]*")/.exec(this.#text.slice(this.#place));
    if (quoted === null) return this.#takeText();
    this.#place += quoted[0].length;
    return quoted[0];
  }
}
