import { ATTR } from '../../model/attributes.ts';
import { toDurationMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MlflowRun } from './api.ts';
import type { Course } from './course.ts';
import type { StudySummary } from './studies.ts';

/** A run's place in MLflow, and the trace that belongs to it. */
export interface NotePlace extends Pick<MlflowRun, 'runId' | 'experimentId'> {
  readonly traceId: string;
}

/** What MLflow shows at the top of a run's page, as Markdown: how it ended, its stages, the way to logs and trace. */
export function toNote(root: StoredSpan, course: Course, place?: NotePlace): string {
  const { attributes, start, end } = root;
  const result = String(attributes[ATTR.pipelineResult] ?? '');
  const links = place === undefined ? [] : toLinks(place);
  const title = [`**${result}** in ${toDuration(toDurationMs(start, end))}`, ...links].join(' · ');
  const errors = toErrors(root, course);
  const studies = toStudiesByStage(course);
  const rows = course.stages.map((stage) => toRow(stage, studies.get(stage.spanId) ?? []));
  return [
    title,
    ...errors.flatMap((error) => ['', error]),
    ...(rows.length === 0
      ? []
      : ['', '| stage | outcome | time | |', '|---|---|--:|---|', ...rows]),
  ].join('\n');
}

/** Within MLflow's own pages, whatever its address is for whoever reads it. */
function toLinks({ runId, experimentId, traceId }: NotePlace): string[] {
  const experiment = `#/experiments/${experimentId}`;
  return [
    `[log](${experiment}/runs/${runId}/artifacts/logs/run.log)`,
    `[trace](${experiment}/traces/tr-${traceId})`,
  ];
}

const MAX_ERRORS = 5;
const MAX_ERROR_CHARS = 500;

/** What went wrong in which stage; of the whole run only where no stage says it. */
function toErrors(root: StoredSpan, { stages }: Course): string[] {
  const failed = stages.filter(({ isError }) => isError).slice(0, MAX_ERRORS);
  if (failed.length === 0) return [toError(root)].filter((error) => error !== '');
  return failed.map((stage) => {
    const name = `**${toPlain(String(stage.attributes[ATTR.taskName]))}**`;
    return [name, toError(stage)].filter((part) => part !== '').join(': ');
  });
}

function toError({ attributes, message }: StoredSpan): string {
  const type = attributes[ATTR.errorType];
  const parts = [type, message].filter((part) => typeof part === 'string' && part !== '');
  return toPlain([...new Set(parts)].join(': ').slice(0, MAX_ERROR_CHARS));
}

function toRow({ attributes, start, end }: StoredSpan, studies: readonly StudySummary[]): string {
  const result = String(attributes[ATTR.taskResult] ?? '');
  const outcome = String(attributes[ATTR.dvcOutcome] ?? result);
  const time = result === 'skip' ? '' : toDuration(toDurationMs(start, end));
  const cells = [toPlain(String(attributes[ATTR.taskName])), toPlain(outcome), time];
  return `| ${cells.join(' | ')} | ${studies.map(describeStudy).join('; ')} |`;
}

function toStudiesByStage(course: Course): Map<string, StudySummary[]> {
  const byStage = new Map<string, StudySummary[]>();
  for (const [spanId, summary] of course.studies.all) {
    const stage = course.toStageOfStudy(spanId, summary.name)?.spanId;
    if (stage !== undefined) byStage.set(stage, [...(byStage.get(stage) ?? []), summary]);
  }
  return byStage;
}

function describeStudy({ trialCount, prunedCount, failedCount, best }: StudySummary): string {
  return [
    trialCount === 1 ? '1 trial' : `${trialCount} trials`,
    ...(prunedCount > 0 ? [`${prunedCount} pruned`] : []),
    ...(failedCount > 0 ? [`${failedCount} failed`] : []),
    ...(best === undefined ? [] : [`best ${toShort(best.value)} (trial ${best.number})`]),
  ].join(', ');
}

function toShort(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** `0.3 s`, `12.4 s`, `1 min 05 s`, `2 h 07 min` */
function toDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A text that can't end a cell of a table, or be markup. */
function toPlain(text: string): string {
  return text.replaceAll(/[|<>`*_[\]\\\r\n]/g, (character) =>
    character === '\n' || character === '\r' ? ' ' : `\\${character}`,
  );
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
