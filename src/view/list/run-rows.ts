import { now } from '../../model/time.ts';
import type { OpenedRun } from '../open-run.ts';
import { toRunDurationMs, toRunStatus, toStartTime } from '../run-status.ts';
import type { Status } from '../run-status.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import { toMark, toStatusStyle } from '../text/marks.ts';
import type { Paint } from '../text/paint.ts';
import { formatBytes, formatDuration, formatLocalTime, formatShortTime } from '../text/units.ts';
import { toShortIds } from './short-ids.ts';
import { countStages } from './stage-counts.ts';
import { toStageParts } from './stage-parts.ts';

/** A run, and what `ls` knows of its files. */
export type ListedRun = OpenedRun & { readonly sizeBytes?: number };

const HEAD = ['RUN', 'STARTED', 'PIPELINE', 'RESULT', 'TOOK', 'STAGES', 'ERR', 'SIZE'];

/** Runs as a table, a line each. */
export function drawRunRows(runs: readonly ListedRun[], paint: Paint): string[] {
  const shortIds = toShortIds(runs.map(({ info }) => info.runId));
  const rows = runs.map((run, index) => toCells(run, shortIds[index]!, paint));
  const head = runs.some(({ sizeBytes }) => sizeBytes !== undefined) ? HEAD : HEAD.slice(0, -1);
  return layoutColumns(
    [head.map((text): Cell => ({ text, style: 'dim' })), ...rows],
    [
      {},
      {},
      { minWidth: 8 },
      {},
      { align: 'right' },
      { minWidth: 6 },
      { align: 'right' },
      { align: 'right' },
    ],
    paint,
  );
}

function toCells(run: ListedRun, shortId: string, paint: Paint): Cell[] {
  const { info, sizeBytes } = run;
  const status = toRunStatus(run);
  const { counts } = info;
  const errors = counts?.errors ?? 0;
  return [
    shortId,
    // Piped, times are there to be sorted and parsed.
    paint.width === undefined
      ? formatLocalTime(toStartTime(run))
      : formatShortTime(toStartTime(run), now()),
    escapeLine(info.pipeline),
    [toMark(status, paint), { text: ` ${status}`, style: toStatusStyle(status) }],
    formatDuration(toRunDurationMs(run)),
    toStageParts(countStages(run)).join(' ') || '-',
    { text: counts === undefined ? '' : String(errors), style: errors > 0 ? 'red' : 'dim' },
    sizeBytes === undefined ? '' : formatBytes(sizeBytes),
  ];
}

/** Whether a run is one that was asked for. */
export function isListed(
  run: OpenedRun,
  wanted: {
    readonly pipeline: string | undefined;
    readonly statuses: readonly Status[] | undefined;
  },
): boolean {
  if (wanted.pipeline !== undefined && run.info.pipeline !== wanted.pipeline) return false;
  return wanted.statuses === undefined || wanted.statuses.includes(toRunStatus(run));
}
