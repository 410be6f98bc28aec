import { toDurationMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { clip, layoutColumns, wrap } from '../text/columns.ts';
import type { Cell, Span } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import { toMark, toSeparator, toStatusStyle } from '../text/marks.ts';
import type { Paint } from '../text/paint.ts';
import { formatDuration, formatNumber } from '../text/units.ts';
import type { Metric, RunNode } from '../tree/run-node.ts';
import { toStudyFacts, toTrialFacts } from '../tree/study-facts.ts';
import { drawBar, drawPoint } from './time-bar.ts';
import { toVisible } from './visible.ts';
import { describeNode, formatParams } from './why.ts';

export interface TreeLinesOptions {
  /** When the run ended, or now. */
  readonly end: UnixTime;
  readonly showsTrials: boolean;
  readonly paint: Paint;
}

/** A node with its place in the drawing. */
interface Row {
  readonly node: RunNode;
  /** What is drawn before it: the lines from its parents. */
  readonly branch: string;
  /** The same for the lines below it. */
  readonly stem: string;
  readonly isBest: boolean;
}

const BAR_WIDTH = { most: 40, least: 12 } as const;
const INDENT = '  ';
/** Columns that the names, durations and gaps take at least, and reasons get at least. */
const OTHER_WIDTH = 60;

/** Draws what is inside a run: names, durations, bars within the run's time, reasons; metrics and best trials below. */
export function drawTree(root: RunNode, options: TreeLinesOptions): string[] {
  const rows = [...toRows(root, { prefix: '', isTop: true }, options)];
  if (rows.length === 0) return [];
  const barWidth = toBarWidth(options.paint);
  const totalMs = Math.max(1, toDurationMs(root.start, options.end));
  const table = layoutColumns(
    [
      toHead(totalMs, barWidth),
      ...rows.map((row) => toCells(row, { root, totalMs, barWidth }, options)),
    ],
    [{ minWidth: 16 }, { align: 'right' }, {}, { minWidth: 10 }],
    options.paint,
  );
  return [
    table[0]!,
    ...rows.flatMap((row, index) => [table[index + 1]!, ...toNotes(row, options)]),
  ];
}

function toBarWidth({ width }: Paint): number {
  const free = (width ?? OTHER_WIDTH + BAR_WIDTH.most * 2) - OTHER_WIDTH;
  return Math.min(BAR_WIDTH.most, Math.max(BAR_WIDTH.least, Math.floor(free / 2)));
}

function* toRows(
  node: RunNode,
  place: { readonly prefix: string; readonly isTop: boolean },
  options: TreeLinesOptions,
): Generator<Row> {
  const { listed } = toVisible(node, options.showsTrials);
  const { isUnicode } = options.paint;
  const best = node.kind === 'study' ? toStudyFacts(node).best?.number : undefined;
  for (const [index, child] of listed.entries()) {
    const isLast = index === listed.length - 1;
    const [branch, stem] = place.isTop ? ['', ''] : toLines(isLast, isUnicode);
    const prefix = place.prefix + stem;
    yield {
      node: child,
      branch: INDENT + place.prefix + branch,
      stem: INDENT + prefix,
      isBest: best !== undefined && toTrialFacts(child).number === best,
    };
    yield* toRows(child, { prefix, isTop: false }, options);
  }
}

function toLines(isLast: boolean, isUnicode: boolean): readonly [branch: string, stem: string] {
  if (!isUnicode) return isLast ? ['`- ', '   '] : ['|- ', '|  '];
  return isLast ? ['└ ', '  '] : ['├ ', '│ '];
}

function toHead(totalMs: number, barWidth: number): Cell[] {
  const total = formatDuration(totalMs);
  const scale = `0${' '.repeat(Math.max(1, barWidth - 1 - total.length))}${total}`;
  return ['', '', { text: scale, style: 'dim' }, ''];
}

function toCells(
  row: Row,
  time: { readonly root: RunNode; readonly totalMs: number; readonly barWidth: number },
  options: TreeLinesOptions,
): Cell[] {
  const { node, branch } = row;
  const { paint } = options;
  const end = node.end ?? options.end;
  const slot = {
    from: toDurationMs(time.root.start, node.start) / time.totalMs,
    to: toDurationMs(time.root.start, end) / time.totalMs,
  };
  const style = toStatusStyle(node.status);
  const durationMs = toDurationMs(node.start, end);
  // What takes no time, as skipping does, is a point in it.
  const isPoint = durationMs < 1;
  return [
    [{ text: branch, style: 'dim' }, toMark(node.status, paint), ...toNameSpans(row, paint)],
    isPoint ? '' : formatDuration(durationMs),
    {
      text: isPoint
        ? drawPoint(slot, time.barWidth, paint.isUnicode)
        : drawBar(slot, time.barWidth, paint.isUnicode),
      style: style ?? 'dim',
    },
    { text: clip(describeNode(node), paint), style: node.error === undefined ? 'dim' : style },
  ];
}

const KIND_WORDS: Readonly<Partial<Record<RunNode['kind'], string>>> = {
  study: 'study ',
  trial: 'trial ',
  job: 'job ',
  flow: 'flow ',
};

function toNameSpans({ node, isBest }: Row, paint: Paint): Span[] {
  const name = `${KIND_WORDS[node.kind] ?? ''}${escapeLine(node.name)}`;
  return [
    { text: ` ${name}`, style: node.status === 'skip' ? 'dim' : isBest ? 'bold' : undefined },
    ...(isBest ? [{ text: paint.isUnicode ? ' ★' : ' *', style: 'yellow' } as const] : []),
  ];
}

/** What doesn't fit the line: a stage's metrics, and the best trial of a study that doesn't list its trials. */
function toNotes({ node, stem }: Row, options: TreeLinesOptions): string[] {
  const { paint, showsTrials } = options;
  const notes: string[] = [];
  if (node.kind === 'study' && toVisible(node, showsTrials).hiddenTrialCount > 0) {
    const { best } = toStudyFacts(node);
    if (best !== undefined) {
      const value = best.values.map((each) => formatNumber(each)).join(', ');
      notes.push(`best trial ${best.number}: ${value}  ${formatParams(best.params)}`.trimEnd());
    }
  }
  if (node.kind !== 'trial' && node.metrics.length > 0)
    notes.push(describeMetrics(node.metrics).join(toSeparator(paint)));
  const prefix = `${stem}  `;
  return notes.flatMap((note) =>
    wrap(
      clip(escapeLine(note), paint),
      Math.max(20, (paint.width ?? Infinity) - prefix.length),
    ).map((line) => paint.paint(prefix, 'dim') + line),
  );
}

/** The last value of each metric, of the first that there are. */
function describeMetrics(metrics: readonly Metric[]): string[] {
  const shown = metrics.slice(0, MAX_METRICS).map(({ name, value, count }) => {
    const ofHowMany = count > 1 ? ` (last of ${count})` : '';
    return `${name} ${formatNumber(value)}${ofHowMany}`;
  });
  const rest = metrics.length - shown.length;
  return rest > 0 ? [...shown, `${rest} more`] : shown;
}

const MAX_METRICS = 16;
