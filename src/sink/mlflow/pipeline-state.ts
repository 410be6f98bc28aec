import { ATTR } from '../../model/attributes.ts';
import { isRunId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { toDurationMs, toUnixMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MetricPoint, RunStatus } from './api.ts';
import type { Course } from './course.ts';
import type { UnixTime } from '../../model/time.ts';
import { MAX_PARAM_CHARS, MAX_TAG_CHARS, cutText, toKey, toValues } from './limits.ts';
import type { Cuts } from './limits.ts';
import { toNote } from './note.ts';
import type { NotePlace } from './note.ts';
import { METRIC_PREFIX, STAGE_TAG_PREFIX, TAG } from './names.ts';
import { toParamText } from './trial.ts';

/** What the pipeline's run shall hold when the run has ended. */
export interface PipelineState {
  readonly status: RunStatus;
  readonly endMs: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricPoint[];
}

/** The end of a run as its root span tells it. */
export function toPipelineState(
  root: StoredSpan,
  course: Course,
  { cuts, place }: { readonly cuts: Cuts; readonly place?: NotePlace },
): PipelineState {
  const params = toStageParams(course.stages, cuts);
  const metrics = toPipelineMetrics(course, cuts);
  const tags = toValues([...toResultTags(root), ...course.stages.flatMap(toStageTags)], {
    maxChars: MAX_TAG_CHARS,
    cuts,
  });
  const cut = cuts.toText();
  return {
    status: toRunStatus(root.attributes, ATTR.pipelineResult),
    endMs: toUnixMs(root.end),
    tags: {
      ...tags,
      [TAG.note]: cutText(toNote(root, course, place), MAX_TAG_CHARS),
      ...(cut !== undefined && { [TAG.cut]: cut }),
    },
    params,
    metrics,
  };
}

/** MLflow's status for a result, of a run or a stage. */
export function toRunStatus(attributes: Attributes, resultName: string): RunStatus {
  if (attributes[ATTR.errorType] === 'interrupted') return 'KILLED';
  switch (attributes[resultName]) {
    case 'success':
    case 'skip':
      return 'FINISHED';
    case 'cancellation':
      return 'KILLED';
    default:
      return 'FAILED';
  }
}

type Pair = readonly [name: string, value: string];

function toResultTags({ attributes, message }: StoredSpan): Pair[] {
  const error = attributes[ATTR.errorType];
  return [
    [TAG.result, String(attributes[ATTR.pipelineResult] ?? '')],
    ...(typeof error === 'string' ? [[TAG.errorType, error] as const] : []),
    ...(message ? [[TAG.error, message] as const] : []),
  ];
}

/** What became of a stage, how long it took, what it put out, and who did where it was skipped. */
function toStageTags(stage: StoredSpan): Pair[] {
  const { attributes, start, end } = stage;
  const prefix = `${STAGE_TAG_PREFIX}${String(attributes[ATTR.taskName])}`;
  const result = String(attributes[ATTR.taskResult] ?? '');
  const isSkipped = result === 'skip';
  const producer = attributes[ATTR.producedBy];
  const optional: (readonly [string, unknown])[] = [
    ['seconds', isSkipped ? undefined : toSeconds(start, end)],
    ['changed', joinTexts(attributes[ATTR.dvcChanged], ', ')],
    ['reason', isSkipped ? attributes[ATTR.skipReason] : undefined],
    [typeof producer === 'string' && isRunId(producer) ? 'produced_by_run' : 'produced', producer],
    ['outs', joinTexts(attributes[ATTR.dvcOuts], '\n')],
    ['deps', joinTexts(attributes[ATTR.dvcDeps], '\n')],
  ];
  return [
    [prefix, String(attributes[ATTR.dvcOutcome] ?? result)],
    ...optional
      .filter((tag): tag is Pair => typeof tag[1] === 'string' && tag[1] !== '')
      .map(([name, value]) => [`${prefix}.${name}`, value] as const),
  ];
}

function toSeconds(start: UnixTime, end: UnixTime): string {
  return (toDurationMs(start, end) / 1000).toFixed(3);
}

function joinTexts(value: unknown, separator: string): string | undefined {
  return Array.isArray(value) ? (value as unknown[]).map(String).join(separator) : undefined;
}

/** DVC's parameters, of all stages. The stages of a run have one value for each. */
export function toStageParams(stages: readonly StoredSpan[], cuts: Cuts): Record<string, string> {
  const params = new Map<string, string>();
  for (const { attributes } of stages) {
    for (const [name, value] of Object.entries(attributes)) {
      if (!name.startsWith(ATTR.dvcParamPrefix)) continue;
      params.set(name.slice(ATTR.dvcParamPrefix.length), toParamText(value));
    }
  }
  return toValues(withoutGroups(params), { maxChars: MAX_PARAM_CHARS, cuts });
}

/** A group of parameters that a stage names as a whole, `tune`, is there by its members already, `tune.epochs`. */
function withoutGroups(params: ReadonlyMap<string, string>): [string, string][] {
  const groups = new Set<string>();
  for (const name of params.keys()) {
    for (let end = name.indexOf('.'); end > 0; end = name.indexOf('.', end + 1)) {
      groups.add(name.slice(0, end));
    }
  }
  return [...params].filter(([name, value]) => !(groups.has(name) && value.startsWith('{')));
}

/**
 * The metrics that are in no trial. Of several stages with a metric of one name each has its stage in the name.
 */
function toPipelineMetrics({ series, stages }: Course, cuts: Cuts): MetricPoint[] {
  const spans = [...series.spanIds].map((spanId) => ({ spanId, points: series.peek(spanId) }));
  const owners = new Map<string, Set<string>>();
  for (const { spanId, points } of spans) {
    for (const { key } of points) owners.set(key, (owners.get(key) ?? new Set()).add(spanId));
  }
  const names = new Map(
    stages.map((stage) => [stage.spanId, String(stage.attributes[ATTR.taskName])]),
  );
  return spans.flatMap(({ spanId, points }) =>
    points.map((point) => {
      const stage = names.get(spanId);
      const isShared = (owners.get(point.key)?.size ?? 0) > 1 && stage !== undefined;
      const name = isShared ? `${stage}/${point.key}` : point.key;
      return { ...point, key: toKey(METRIC_PREFIX + name, cuts) };
    }),
  );
}
