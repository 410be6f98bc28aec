import { describeOrigin } from './tree/origin.ts';
import type { Origin } from './tree/origin.ts';
import { toPlace, toPrintable, toSnippet } from './tree/source-text.ts';

/** What kind of mistake it is. `unreadable`: the file itself; `syntax`: its YAML; the others: what it says. */
export type ConfigErrorCode = 'unreadable' | 'syntax' | 'unknown-key' | 'value' | 'interpolation';

/** One mistake in the configuration. */
export interface Mistake {
  readonly code: ConfigErrorCode;
  /** Where it is; a file that can't be read has no place. */
  readonly origin: Origin | undefined;
  /** The setting that it is in, such as `logging.level`. */
  readonly key?: string | undefined;
  /** What is wrong, and what was expected. */
  readonly text: string;
  readonly hint?: string | undefined;
  /** Whether the place itself is a secret: then its line isn't shown. */
  readonly isSecret?: boolean;
}

/** More of them help nobody. */
const MAX_SHOWN = 20;

/**
 * Mistakes in the configuration, all that were found. The message tells every one with its place and its line; the
 * fields are those of the first.
 */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number | undefined;
  /** From 1. */
  readonly column: number | undefined;
  readonly hint: string | undefined;
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly [Mistake, ...Mistake[]], options?: ErrorOptions) {
    super(toMessage(mistakes), options);
    this.name = 'ConfigError';
    const [first] = mistakes;
    this.code = first.code;
    this.hint = first.hint;
    this.mistakes = mistakes;
    if (first.origin?.kind === 'text') {
      const { source, start } = first.origin;
      this.file = source.path;
      ({ line: this.line, column: this.column } = toPlace(source.text, start));
    }
  }
}

function toMessage(mistakes: readonly Mistake[]): string {
  if (mistakes.length === 1) return describeMistake(mistakes[0]!);
  const shown = mistakes.slice(0, MAX_SHOWN).map(describeMistake);
  const left = mistakes.length - shown.length;
  return [
    `${mistakes.length} mistakes in the configuration`,
    ...shown,
    ...(left > 0 ? [`and ${left} more`] : []),
  ].join('\n');
}

/** One mistake as text: its place, what it is and, where it is in a file, the line with carets under it. */
function describeMistake({ origin, key, text, hint, isSecret }: Mistake): string {
  const place = origin === undefined || origin.kind === 'default' ? [] : [toMistakePlace(origin)];
  const first = [...place, ...(key === undefined ? [] : [key]), text].map(toPrintable).join(': ');
  const snippet =
    origin?.kind === 'text' && isSecret !== true ? toSnippet(origin.source.text, origin) : '';
  return [first, snippet, hint === undefined ? '' : `  ${toPrintable(hint)}`]
    .filter((line) => line !== '')
    .join('\n');
}

/** Unlike a setting's origin, a mistake in a preset needs its line. */
function toMistakePlace(origin: Origin): string {
  if (origin.kind !== 'text') return describeOrigin(origin);
  const { line, column } = toPlace(origin.source.text, origin.start);
  return `${origin.source.label}:${line}:${column}`;
}

/** Gathers mistakes, so that all of them can be told at once. */
export class MistakeList {
  readonly #mistakes: Mistake[] = [];

  add(...mistakes: readonly Mistake[]): void {
    this.#mistakes.push(...mistakes);
  }

  /** What `work` gives; `undefined` when it found mistakes, which are kept. */
  collect<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.add(...error.mistakes);
      return undefined;
    }
  }

  /** @throws {ConfigError} when there are any. */
  throwIfAny(): void {
    const [first, ...rest] = this.#mistakes.toSorted(byPlace);
    if (first !== undefined) throw new ConfigError([first, ...rest]);
  }
}

/** Those of one file in the order of its lines; the files as they were read. */
function byPlace({ origin: a }: Mistake, { origin: b }: Mistake): number {
  if (a?.kind !== 'text' || b?.kind !== 'text' || a.source !== b.source) return 0;
  return a.start - b.start;
}
