import type { Grammar } from '../../grammars/grammar.ts';

const NO_GRAMMARS: readonly Grammar[] = [];
const ASCII = 128;

/** Finds the grammars that can read a line by its first character. */
export class GrammarTable {
  /** For the characters that nearly all lines begin with; the others are in `#others`. */
  readonly #ascii: (readonly Grammar[])[] = Array.from({ length: ASCII }, () => NO_GRAMMARS);
  readonly #others = new Map<string, readonly Grammar[]>();
  readonly #gluing: readonly Grammar[];

  constructor(grammars: readonly Grammar[]) {
    for (const grammar of grammars) {
      for (const start of new Set(grammar.starts)) this.#add(start, grammar);
    }
    this.#gluing = grammars.filter((grammar) => grammar.findGlued !== undefined);
  }

  /** The grammars that a line is offered to, in the registry's order. */
  candidates(text: string): readonly Grammar[] {
    const code = text.charCodeAt(0);
    if (code < ASCII) return this.#ascii[code]!;
    if (Number.isNaN(code)) return NO_GRAMMARS;
    return this.#others.get(String.fromCodePoint(text.codePointAt(0)!)) ?? NO_GRAMMARS;
  }

  /** Where a tool's line starts behind text that another program left without a newline. */
  findGlued(text: string): number | undefined {
    for (const grammar of this.#gluing) {
      const index = grammar.findGlued!(text);
      if (index !== undefined) return index;
    }
    return undefined;
  }

  #add(start: string, grammar: Grammar): void {
    const code = start.codePointAt(0)!;
    if (code < ASCII) this.#ascii[code] = [...this.#ascii[code]!, grammar];
    else this.#others.set(start, [...(this.#others.get(start) ?? []), grammar]);
  }
}
