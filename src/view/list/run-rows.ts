import type { RunCounts } from '../../model/run-info.ts';
import type { Result } from '../../model/pipeline.ts';
import type { OpenedRun } from '../open-run.ts';
import { toRunDurationMs, toRunStatus, toStartTime } from '../run-status.ts';
import type { Status } from '../run-status.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import { toMark, toStatusStyle } from '../text/marks.ts';
import type { Paint } from '../text/paint.ts';
import { formatBytes, formatDuration, formatLocalTime } from '../text/units.ts';
import { toShortIds } from './short-ids.ts';

/** A run, and what `ls` knows of its files. */
export type ListedRun = OpenedRun & { readonly sizeBytes?: number };

const HEAD = ['RUN', 'STARTED', 'PIPELINE', 'RESULT', 'DURATION', 'STAGES', 'ERRORS', 'SIZE'];

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
    formatLocalTime(toStartTime(run)),
    escapeLine(info.pipeline),
    [toMark(status, paint), { text: ` ${status}`, style: toStatusStyle(status) }],
    formatDuration(toRunDurationMs(run)),
    describeStages(counts),
    { text: counts === undefined ? '' : String(errors), style: errors > 0 ? 'red' : 'dim' },
    sizeBytes === undefined ? '' : formatBytes(sizeBytes),
  ];
}

const RESULT_WORDS: Readonly<Record<Result, string>> = {
  success: 'ran',
  failure: 'failed',
  error: 'failed',
  cancellation: 'cancelled',
  skip: 'skipped',
};

/** `2 ran, 1 failed, 6 skipped` */
export function describeStages(counts: RunCounts | undefined): string {
  const byWord = new Map<string, number>();
  for (const [result, word] of Object.entries(RESULT_WORDS)) {
    const count = counts?.stages[result as Result] ?? 0;
    if (count > 0) byWord.set(word, (byWord.get(word) ?? 0) + count);
  }
  return [...byWord].map(([word, count]) => `${count} ${word}`).join(', ');
}

/** Whether a run is one that was asked for. */
export function isListed(
  run: OpenedRun,
  wanted: { readonly pipeline: string | undefined; readonly statuses: readonly Status[] | undefined },
): boolean {
  if (wanted.pipeline !== undefined && run.info.pipeline !== wanted.pipeline) return false;
  return wanted.statuses === undefined || wanted.statuses.includes(toRunStatus(run));
}
