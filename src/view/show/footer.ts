import type { RunCounts } from '../../model/run-info.ts';
import { toShortId } from '../short-id.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import { toSeparator } from '../text/marks.ts';
import type { Paint } from '../text/paint.ts';
import { formatCount } from '../text/units.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import type { LevelCounts } from '../tree/log-facts.ts';
import { LEVELS } from '../tree/log-facts.ts';
import { walk } from '../tree/run-node.ts';
import { toVisible } from './visible.ts';

/** What a run counts, in a line. */
export function drawCounts({ run, levels }: RunCourse, paint: Paint): string {
  const warnings = levels.warn;
  const errors = levels.error + levels.fatal;
  const { trials = 0, masked = 0, dropped = 0 }: Partial<RunCounts> = run.info.counts ?? {};
  const parts = [
    formatCount(countRecords(levels), 'record'),
    paint.paint(formatCount(warnings, 'warning'), warnings > 0 ? 'yellow' : undefined),
    paint.paint(formatCount(errors, 'error'), errors > 0 ? 'red' : undefined),
    ...(trials > 0 ? [formatCount(trials, 'trial')] : []),
    `${formatCount(masked, 'secret')} masked`,
    ...(dropped > 0 ? [paint.paint(`${dropped} lost`, 'red')] : []),
  ];
  return parts.join(toSeparator(paint));
}

export function countRecords(levels: LevelCounts): number {
  return LEVELS.reduce((sum, level) => sum + levels[level], 0);
}

export interface HintOptions {
  readonly paint: Paint;
  readonly showsTrials: boolean;
  /** The run to compare with, where there is one. */
  readonly baselineId: string | undefined;
}

/** Commands that show more of this run, each with what it shows. */
export function drawHints(
  { run, root, levels, firstError }: RunCourse,
  { paint, showsTrials, baselineId }: HintOptions,
): string[] {
  const id = toShortId(run.info.runId);
  const errors = levels.error + levels.fatal;
  const hints: [command: string, what: string][] = [];
  if (run.state === 'running') hints.push([`logs ${id} --follow`, 'what comes next']);
  if (errors > 0) hints.push([`logs ${id} --level error`, formatCount(errors, 'error')]);
  else if (levels.warn > 0) {
    hints.push([`logs ${id} --level warning`, formatCount(levels.warn, 'warning')]);
  }
  if (firstError?.stage !== undefined) {
    hints.push([`logs ${id} --stage ${quote(firstError.stage)}`, 'all that it printed']);
  }
  const hidden = [...walk(root)].reduce(
    (sum, node) => sum + toVisible(node, showsTrials).hiddenTrialCount,
    0,
  );
  if (hidden > 0) hints.push([`show ${id} --trials`, `all ${hidden} trials`]);
  if (baselineId !== undefined) {
    hints.push([`diff ${id}`, `against ${toShortId(baselineId)}, the last success before it`]);
  }
  const rows = hints.map(([command, what]): Cell[] => [
    { text: `  stagelight ${escapeLine(command)}` },
    { text: what, style: 'dim' },
  ]);
  return layoutColumns(rows, [{}, { minWidth: 0 }], paint);
}

/** A name as a shell takes it. */
function quote(name: string): string {
  return /^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
