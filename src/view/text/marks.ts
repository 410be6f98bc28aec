import type { Status } from '../run-status.ts';
import type { Span } from './columns.ts';
import type { Paint, Style } from './paint.ts';

interface Mark {
  readonly unicode: string;
  readonly ascii: string;
  readonly style: Style;
}

const MARKS: Readonly<Record<Status, Mark>> = {
  success: { unicode: '✔', ascii: '+', style: 'green' },
  failure: { unicode: '✖', ascii: 'x', style: 'red' },
  error: { unicode: '✖', ascii: 'x', style: 'red' },
  cancellation: { unicode: '⊘', ascii: '/', style: 'yellow' },
  skip: { unicode: '○', ascii: '-', style: 'dim' },
  running: { unicode: '●', ascii: '>', style: 'cyan' },
  interrupted: { unicode: '⊗', ascii: '!', style: 'yellow' },
};
const NO_MARK: Mark = { unicode: '·', ascii: '.', style: 'dim' };

/** The sign of a status, in its colour; a dot for something that has none. */
export function toMark(status: Status | undefined, paint: Pick<Paint, 'isUnicode'>): Span {
  const mark = status === undefined ? NO_MARK : (MARKS[status] ?? NO_MARK);
  return { text: paint.isUnicode ? mark.unicode : mark.ascii, style: mark.style };
}

export function toStatusStyle(status: Status | undefined): Style | undefined {
  return status === undefined ? undefined : MARKS[status]?.style;
}

/** What stands between parts of a line. */
export function toSeparator(paint: Pick<Paint, 'isUnicode'>): string {
  return paint.isUnicode ? ' · ' : ', ';
}
