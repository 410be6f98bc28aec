import type { FirstError } from '../../model/run-info.ts';
import { clip, wrap } from '../text/columns.ts';
import { escapeControls, escapeLine } from '../text/escape.ts';
import type { Paint } from '../text/paint.ts';

/** A longer traceback is shown without its middle: the first frames and the last ones tell most. */
const MAX_LINES = { first: 6, last: 30 } as const;

/** The first error of a run with its traceback. */
export function drawError(error: FirstError, paint: Paint): string[] {
  const { stage, body, stack } = error;
  const place = stage === undefined ? '' : ` in ${escapeLine(stage)}`;
  const message = body.split('\n').filter((line) => line.trim() !== '');
  // Where the message is the trace, once is enough.
  const text =
    stack === undefined || body.includes(stack) ? message : [...message, ...stack.split('\n')];
  const width = Math.max(20, (paint.width ?? Infinity) - INDENT.length);
  return [
    paint.paint(`First error${place}`, ['bold', 'red']),
    ...cutMiddle(text).flatMap((line) =>
      wrapCode(clip(escapeControls(line), paint).replaceAll('\t', '    '), width).map(
        (part) => INDENT + part,
      ),
    ),
  ];
}

const INDENT = '  ';

function cutMiddle(lines: readonly string[]): readonly string[] {
  const left = lines.length - MAX_LINES.first - MAX_LINES.last;
  if (left <= 1) return lines;
  return [...lines.slice(0, MAX_LINES.first), `… ${left} lines`, ...lines.slice(-MAX_LINES.last)];
}

/** Keeps the indentation of what is wrapped. */
function wrapCode(line: string, width: number): string[] {
  const indent = /^ */.exec(line)![0].slice(0, Math.floor(width / 2));
  return wrap(line.slice(indent.length), width - indent.length).map((part) => indent + part);
}
