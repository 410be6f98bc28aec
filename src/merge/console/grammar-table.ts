import type { ConsoleEvent, Grammar, Reading } from '../../grammars/grammar.ts';

const NO_GRAMMARS: readonly Grammar[] = [];
const ASCII = 128;

/** Finds the grammars that can read a line by its first character. */
export class GrammarTable {
  /** For the characters that nearly all lines begin with; the others are in `#others`. */
  readonly #ascii: (readonly Grammar[])[] = Array.from({ length: ASCII }, () => NO_GRAMMARS);
  readonly #others = new Map<string, readonly Grammar[]>();
  readonly #gluing: readonly Grammar[];
  /** By the first character of the loggers' names. */
  readonly #ofLoggers: readonly (readonly Grammar[])[];

  constructor(grammars: readonly Grammar[]) {
    for (const grammar of grammars) {
      for (const start of new Set(grammar.starts)) this.#add(start, grammar);
    }
    this.#gluing = grammars.filter((grammar) => grammar.findGlued !== undefined);
    this.#ofLoggers = Array.from({ length: ASCII }, (_, code) => {
      const own = grammars.filter(({ loggers }) => loggers?.charCodeAt(0) === code);
      return own.length === 0 ? NO_GRAMMARS : own;
    });
  }

  /** The grammars that a line is offered to, in the registry's order. */
  candidates(text: string): readonly Grammar[] {
    const code = text.charCodeAt(0);
    if (code < ASCII) return this.#ascii[code]!;
    if (Number.isNaN(code)) return NO_GRAMMARS;
    return this.#others.get(String.fromCodePoint(text.codePointAt(0)!)) ?? NO_GRAMMARS;
  }

  /** What the first grammar reads that reads anything, whether what it says can be or not. */
  read(text: string): Reading | undefined {
    for (const grammar of this.candidates(text)) {
      const reading = grammar.read(text);
      if (reading !== undefined) return reading;
    }
    return undefined;
  }

  /** Whether a line has a prefix of its own, from a tool that repeats others. */
  isRelayed(text: string): boolean {
    for (const grammar of this.candidates(text)) {
      const reading = grammar.read(text);
      if (reading !== undefined) return grammar.isRelay === true || reading.repeats !== undefined;
    }
    return false;
  }

  /** What a message means to the tool whose logger it came from. */
  toEvent(logger: string, body: string): ConsoleEvent | undefined {
    for (const grammar of this.#ofLoggers[logger.charCodeAt(0)] ?? NO_GRAMMARS) {
      if (logger.startsWith(grammar.loggers!)) return grammar.toEvent?.(body);
    }
    return undefined;
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
