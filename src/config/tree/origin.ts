import { toPlace } from './source-text.ts';
import type { SourceText } from './source-text.ts';

/** Where a part of the configuration was written. */
export type Origin =
  | { readonly kind: 'default' }
  | {
      readonly kind: 'text';
      readonly source: SourceText;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'override'; readonly argument: string }
  | { readonly kind: 'flag'; readonly flag: string };

export const DEFAULT_ORIGIN: Origin = { kind: 'default' };

/** An origin in words, as in `stagelight.yaml:3:10`, `preset debug`, `STAGELIGHT_LOGGING_LEVEL`, `--live`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'text': {
      const { source, start } = origin;
      if (source.preset !== undefined) return `preset ${source.preset}`;
      const { line, column } = toPlace(source.text, start);
      return `${source.label}:${line}:${column}`;
    }
    case 'variable':
      return origin.name;
    case 'override':
      return `argument ${JSON.stringify(origin.argument)}`;
    case 'flag':
      return origin.flag;
    default:
      return 'default';
  }
}
