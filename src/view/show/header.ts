import type { GitState, RunInfo } from '../../model/run-info.ts';
import { describeLink, readRunLink } from '../../sink/mlflow/run-link.ts';
import { toShortId } from '../short-id.ts';
import type { OpenedRun } from '../open-run.ts';
import { toEndTime, toRunDurationMs, toRunStatus, toStartTime } from '../run-status.ts';
import type { Status } from '../run-status.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import { toMark, toSeparator, toStatusStyle } from '../text/marks.ts';
import type { Paint } from '../text/paint.ts';
import { formatDuration, formatLocalTime } from '../text/units.ts';
import { describeError } from './why.ts';

/** What a run is and how it stands: its title, and what identifies it. */
export function drawHeader(run: OpenedRun, paint: Paint): string[] {
  const { info } = run;
  const rows: [string, string | undefined][] = [
    ['run', info.runId],
    ['command', info.command.join(' ')],
    ['started', describeTimes(run)],
    ['git', info.git === undefined ? undefined : describeGit(info.git)],
    ['attempt', describeAttempt(info)],
  ];
  const cells = rows.flatMap(([label, text]): Cell[][] =>
    text === undefined ? [] : [[{ text: `  ${label}`, style: 'dim' }, escapeLine(text)]],
  );
  const lines = layoutColumns(cells, [{}, { minWidth: 20 }], paint);
  return [drawTitle(run, paint), '', ...lines, ...drawMlflowLink(run, paint)];
}

/** Whole, also where the terminal is narrower: a link that is cut leads nowhere. */
function drawMlflowLink({ runDir }: OpenedRun, paint: Paint): string[] {
  const link = readRunLink(runDir);
  if (link === undefined) return [];
  const label = { text: '  mlflow'.padEnd('  command'.length), style: 'dim' } as const;
  return layoutColumns([[label, escapeLine(describeLink(link))]], [{}, {}], paint);
}

function drawTitle(run: OpenedRun, paint: Paint): string {
  const status = toRunStatus(run);
  const mark = toMark(status, paint);
  const outcome = `${TITLE_WORDS[status]} ${formatDuration(toRunDurationMs(run))}`;
  const { errorType: type, kind } = run.info;
  const error = describeError({ type, message: undefined });
  const parts = [
    `${paint.paint(mark.text, mark.style)} ${paint.paint(escapeLine(run.info.pipeline), 'bold')}`,
    paint.paint(outcome, toStatusStyle(status)),
    ...(error === '' || error === status ? [] : [escapeLine(error)]),
    ...(kind === undefined || kind === 'full' ? [] : [kind]),
  ];
  return parts.join(toSeparator(paint));
}

const TITLE_WORDS: Readonly<Record<Status, string>> = {
  success: 'success in',
  failure: 'failure after',
  error: 'error after',
  cancellation: 'cancelled after',
  skip: 'skipped in',
  running: 'running for',
  interrupted: 'interrupted after',
};

function describeTimes(run: OpenedRun): string {
  const start = formatLocalTime(toStartTime(run));
  if (run.state === 'running') return start;
  const end = formatLocalTime(toEndTime(run));
  const isSameDay = end.slice(0, DAY_LENGTH) === start.slice(0, DAY_LENGTH);
  const word = run.state === 'finished' ? 'ended' : 'last heard of';
  return `${start}, ${word} ${isSameDay ? end.slice(DAY_LENGTH + 1) : end}`;
}

const DAY_LENGTH = '2026-11-23'.length;

/** `main@bc0711e, dirty` */
export function describeGit({ branch, tag, revision, isDirty }: GitState): string {
  const ref = branch ?? tag;
  const at = revision === undefined ? ref : [ref, revision.slice(0, 7)].filter(Boolean).join('@');
  return `${at ?? 'no commits'}${isDirty === true ? ', dirty' : ''}`;
}

function describeAttempt({ attempt, priorId }: RunInfo): string | undefined {
  if (attempt === undefined && priorId === undefined) return undefined;
  const again = priorId === undefined ? '' : `, after run ${toShortId(priorId)}`;
  return `${attempt ?? 'again'}${again}`;
}
