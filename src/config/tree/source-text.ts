/** A text that configuration was read from, and where in it things stand. */
export interface SourceText {
  /** Absolute. */
  readonly path: string;
  /** How messages name it: relative to the working directory where that is shorter. */
  readonly label: string;
  readonly text: string;
  /** The preset that this file is, if it is one. */
  readonly preset?: string;
}

/** A place as editors count: both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place of an offset in UTF-16 units; one behind the end counts as the end. */
export function toPlace(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}

const MAX_SNIPPET_LENGTH = 120;
const INDENT = '  ';

/** The line that holds `start`, and under it carets from `start` to `end`. Empty for an empty line. */
export function toSnippet(text: string, { start, end }: { start: number; end: number }): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const newline = text.indexOf('\n', start);
  const lineEnd = newline < 0 ? text.length : newline;
  // Of a long line only what is around the place is shown.
  const from = Math.max(lineStart, start - MAX_SNIPPET_LENGTH / 2);
  const to = Math.min(lineEnd, from + MAX_SNIPPET_LENGTH);
  const line = toPrintable(text.slice(from, to).trimEnd());
  if (line === '') return '';
  const indent = toPrintable(text.slice(from, start)).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(end, from + line.length) - start));
  return `${INDENT}${line}\n${INDENT}${indent}${carets}`;
}

/** A text without control characters but the tab, so that a file can't steer the terminal that it is shown on. */
export function toPrintable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?');
}
