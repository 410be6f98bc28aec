import stringWidth from 'string-width';
import type { Paint, Style } from './paint.ts';

/** Text of one style; one line, without colours of its own. */
export interface Span {
  readonly text: string;
  readonly style?: Style | readonly Style[] | undefined;
}

/** A table's cell. */
export type Cell = string | Span | readonly Span[];

export interface Column {
  readonly align?: 'left' | 'right';
  /** Gives way when the table is wider than the terminal, the last such column first, down to this many columns. */
  readonly minWidth?: number;
}

const GAP = 2;

/** Aligns rows of cells. Where the stream is a terminal, no line is wider than it as far as columns can give way. */
export function layoutColumns(
  rows: readonly (readonly Cell[])[],
  columns: readonly Column[],
  paint: Paint,
): string[] {
  const widths = fitWidths(columns, {
    widths: columns.map((_column, index) =>
      rows.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), 0),
    ),
    total: paint.width,
  });
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index]!;
        const padding = ' '.repeat(Math.max(0, width - widthOf(cell)));
        const text = paintCell(cell, width, paint);
        return columns[index]?.align === 'right' ? padding + text : text + padding;
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

function fitWidths(
  columns: readonly Column[],
  table: { readonly widths: readonly number[]; readonly total: number | undefined },
): number[] {
  const widths = [...table.widths];
  if (table.total === undefined) return widths;
  const used = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1));
  let excess = used - table.total;
  for (let index = widths.length - 1; index >= 0 && excess > 0; index -= 1) {
    const { minWidth } = columns[index]!;
    if (minWidth === undefined) continue;
    const given = Math.min(excess, Math.max(0, widths[index]! - minWidth));
    widths[index]! -= given;
    excess -= given;
  }
  return widths;
}

function toSpans(cell: Cell): readonly Span[] {
  if (typeof cell === 'string') return [{ text: cell }];
  return 'text' in cell ? [cell] : cell;
}

function widthOf(cell: Cell): number {
  return toSpans(cell).reduce((sum, { text }) => sum + stringWidth(text), 0);
}

function paintCell(cell: Cell, width: number, paint: Paint): string {
  let left = width;
  let painted = '';
  for (const { text, style } of toSpans(cell)) {
    const shown = truncate(text, left, paint);
    painted += paint.paint(shown, style);
    if (shown !== text) break;
    left -= stringWidth(text);
  }
  return painted;
}

/** Texts that others wrote can be of any length, and measuring them takes its time: the beginning that can be shown. */
export function clip(text: string, paint: Pick<Paint, 'width'>): string {
  return paint.width === undefined || text.length <= MAX_CLIPPED
    ? text
    : text.slice(0, MAX_CLIPPED);
}

const MAX_CLIPPED = 2000;

/** Cuts a line to `width` columns, between characters as people see them, with a sign that it was cut. */
export function truncate(text: string, width: number, paint: Pick<Paint, 'isUnicode'>): string {
  if (stringWidth(text) <= width) return text;
  const sign = paint.isUnicode ? '…' : '~';
  return width < 1 ? '' : takeColumns(text, width - 1) + sign;
}

/** As much of the beginning of a text as fits `width` columns. */
function takeColumns(text: string, width: number): string {
  let taken = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += stringWidth(segment);
    if (used > width) break;
    taken += segment;
  }
  return taken;
}

/** Breaks a line between words, and inside of those that are wider than `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && stringWidth(line) + 1 + stringWidth(rest) > width) {
      lines.push(line);
      line = '';
    }
    while (stringWidth(rest) > width) {
      const part = takeColumns(rest, width) || rest;
      lines.push(part);
      rest = rest.slice(part.length);
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}
