import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString, toDurationMs } from '../model/time.ts';
import { toShortId } from '../view/short-id.ts';
import { toStageParts } from '../view/list/stage-parts.ts';
import type { Status } from '../view/run-status.ts';
import { toMark, toSeparator, toStatusStyle } from '../view/text/marks.ts';
import { createPaint } from '../view/text/paint.ts';
import { formatCount, formatDuration } from '../view/text/units.ts';
import type { DeliveryReport } from '../ship/report.ts';
import type { CommandIo } from './command.ts';
import { describeReport } from './sending.ts';

/** The one line at the end of a run: what it was, how it went, and the command that shows more. */
export function summarizeRun(
  info: RunInfo,
  io: CommandIo,
  reports: readonly DeliveryReport[] = [],
): string {
  const paint = createPaint(io.stderr, io.env);
  const status: Status = info.state === 'finished' ? (info.result ?? 'error') : info.state;
  const mark = toMark(status, paint);
  const { counts } = info;
  const { records = 0, warnings = 0, errors = 0, masked = 0, dropped = 0 } = counts ?? {};
  const parts = [
    `${paint.paint(mark.text, mark.style)} ${paint.paint(status, toStatusStyle(status))} in ${formatDuration(toDuration(info))}`,
    describeAllStages(info),
    formatCount(records, 'record'),
    paint.paint(formatCount(warnings, 'warning'), warnings > 0 ? 'yellow' : undefined),
    paint.paint(formatCount(errors, 'error'), errors > 0 ? 'red' : undefined),
    `${formatCount(masked, 'secret')} masked`,
    ...(dropped > 0 ? [paint.paint(`${dropped} lost`, 'red')] : []),
    ...reports.map((report) => describeReport(report, paint)),
    `run ${info.runId}`,
    `more: stagelight show ${toShortId(info.runId)}`,
  ];
  return `stagelight: ${parts.join(toSeparator(paint))}`;
}

function toDuration({ startedAt, endedAt }: RunInfo): number {
  const start = parseNanoString(startedAt) ?? [0, 0];
  return Math.max(0, toDurationMs(start, parseNanoString(endedAt ?? startedAt) ?? start));
}

/** `9 stages`, and how they came out where they didn't all run: `9 stages (2 ran, 7 skipped)`. */
function describeAllStages({ counts }: RunInfo): string {
  const byResult = counts?.stages ?? {};
  const total = Object.values(byResult).reduce((sum, count) => sum + count, 0);
  const isPlain = total === 0 || byResult.success === total;
  return `${formatCount(total, 'stage')}${isPlain ? '' : ` (${toStageParts(byResult).join(', ')})`}`;
}
