import { ATTR } from '../../model/attributes.ts';
import type { AttributeValue } from '../../model/pipeline.ts';
import { toUnixMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MetricPoint, RunStatus } from './api.ts';
import { MAX_PARAM_CHARS, MAX_TAG_CHARS, cutText, toKey, toValues } from './limits.ts';
import type { Cuts } from './limits.ts';
import { METRIC_PREFIX, TAG } from './names.ts';
import type { RunKind } from './names.ts';

/** What is written of a trial besides its parameters and metrics. */
export interface TrialDescription {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: RunStatus;
  /** By which the trial is known, on a run of ours and on the user's own. */
  readonly tags: Readonly<Record<string, string>>;
}

export function describeTrial(trial: StoredSpan, stage: string | undefined): TrialDescription {
  const { attributes, spanId, message } = trial;
  const study = String(attributes[ATTR.studyName]);
  const number = String(attributes[ATTR.trialNumber]);
  const state = String(attributes[ATTR.trialState] ?? '');
  const error = attributes[ATTR.errorType];
  const tags: Record<string, string> = {
    [TAG.spanId]: spanId,
    [TAG.study]: study,
    [TAG.trial]: number,
    ...(state !== '' && { [TAG.trialState]: state }),
    ...(stage !== undefined && { [TAG.stage]: stage }),
    ...(typeof error === 'string' && { [TAG.errorType]: error }),
    ...(message !== undefined && message !== '' && { [TAG.error]: message }),
  };
  return {
    name: `${cutText(study, MAX_NAME_CHARS)} trial ${number}`,
    startMs: toUnixMs(trial.start),
    endMs: toUnixMs(trial.end),
    status: toTrialStatus(state),
    tags: Object.fromEntries(
      Object.entries(tags).map(([key, value]) => [key, cutText(value, MAX_TAG_CHARS)]),
    ),
  };
}

const MAX_NAME_CHARS = 200;

export function toOwnTrialTags(runId: string, parentRunId: string): Record<string, string> {
  return {
    [TAG.parentRunId]: parentRunId,
    [TAG.runId]: runId,
    [TAG.kind]: 'trial' satisfies RunKind,
  };
}

/** As MLflow's own Optuna storage has it (mlflow/optuna/storage.py). */
function toTrialStatus(state: string): RunStatus {
  if (state === 'COMPLETE') return 'FINISHED';
  return state === 'FAIL' ? 'FAILED' : 'KILLED';
}

/** A trial's parameters, by name. */
export function toTrialParams({ attributes }: StoredSpan): Record<string, AttributeValue> {
  const names = Object.keys(attributes).filter((name) => name.startsWith(ATTR.trialParamPrefix));
  return Object.fromEntries(
    names.map((name) => [name.slice(ATTR.trialParamPrefix.length), attributes[name]!]),
  );
}

/** A trial's parameters as MLflow has them. */
export function toParamValues(trial: StoredSpan, cuts: Cuts): Record<string, string> {
  const values = Object.entries(toTrialParams(trial)).map(
    ([name, value]) => [name, toParamText(value)] as const,
  );
  return toValues(values, { maxChars: MAX_PARAM_CHARS, cuts });
}

/** A value as Python's `str` writes it, where that is another way than JavaScript's. */
export function toParamText(value: AttributeValue): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

/** A trial's values as metrics, where only the trial itself tells them: programs that aren't Python do so. */
export function toMissingValues(
  { attributes, end }: StoredSpan,
  points: readonly MetricPoint[],
): MetricPoint[] {
  const { [ATTR.trialValue]: value, [ATTR.trialValues]: values } = attributes;
  const all = Array.isArray(values)
    ? (values as unknown[]).map((each, index) => [`values.${index}`, each] as const)
    : [['value', value] as const];
  return all.flatMap(([key, each]) => {
    const isMissing = typeof each === 'number' && !points.some((point) => point.key === key);
    return isMissing ? [{ key, value: each, timeMs: toUnixMs(end), step: 0 }] : [];
  });
}

/** Points under names of ours. */
export function toOwnPoints(points: readonly MetricPoint[], cuts: Cuts): MetricPoint[] {
  return points.map((point) => ({ ...point, key: toKey(METRIC_PREFIX + point.key, cuts) }));
}
