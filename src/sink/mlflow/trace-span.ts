import { ATTR } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MetricPoint } from './api.ts';
import type { Course } from './course.ts';
import type { StudySummary } from './studies.ts';
import { toTrialParams } from './trial.ts';

/** What a span is in MLflow's trace view: https://mlflow.org/docs/latest/genai/concepts/span/ */
export interface TraceStory {
  readonly name: string;
  readonly type: string;
  /** JSON objects, where there is anything to tell. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A span as MLflow's trace view tells it: parameters go in, results come out. */
export function toTraceStory(
  span: StoredSpan,
  { isRoot, course }: { readonly isRoot: boolean; readonly course: Course },
): TraceStory {
  const { attributes, spanId } = span;
  if (isRoot) return toRunStory(span, course);
  if (attributes[ATTR.taskName] !== undefined)
    return toStageStory(span, course.series.peek(spanId));
  if (attributes[ATTR.trialNumber] !== undefined) return toTrialStory(span);
  if (attributes[ATTR.studyName] !== undefined)
    return toStudyStory(span, course.studies.get(spanId));
  const isCommand = COMMAND_MARKS.some((name) => attributes[name] !== undefined);
  return isCommand
    ? toCommandStory(span)
    : { name: span.name, type: 'CHAIN', inputs: {}, outputs: {} };
}

const COMMAND_MARKS = [ATTR.executableName, ATTR.commandLine] as const;

function toCommandStory({ name, attributes }: StoredSpan): TraceStory {
  return {
    name,
    type: 'TOOL',
    inputs: pick({ command: attributes[ATTR.commandLine] }),
    outputs: pick({
      exit_code: attributes[ATTR.exitCode],
      cpu_seconds: attributes[ATTR.cpuUser],
      peak_bytes: attributes[ATTR.memoryPeak],
    }),
  };
}

function toRunStory({ name, attributes }: StoredSpan, { stages }: Course): TraceStory {
  const outcomes = stages.map(({ attributes: { [ATTR.taskName]: stage, ...told } }) => [
    String(stage),
    told[ATTR.dvcOutcome] ?? told[ATTR.taskResult],
  ]);
  return {
    name,
    type: 'WORKFLOW',
    inputs: pick({ command: toTexts(attributes[ATTR.commandArgs])?.join(' ') }),
    outputs: pick({
      result: attributes[ATTR.pipelineResult],
      exit_code: attributes[ATTR.exitCode],
      stages: outcomes.length === 0 ? undefined : Object.fromEntries(outcomes),
    }),
  };
}

function toStageStory(
  { name, attributes }: StoredSpan,
  metrics: readonly MetricPoint[],
): TraceStory {
  return {
    name,
    type: 'TASK',
    inputs: pick({
      command: attributes[ATTR.dvcCommand],
      params: toObject(attributes, ATTR.dvcParamPrefix),
      overrides: toTexts(attributes[ATTR.hydraOverrides]),
      deps: toTexts(attributes[ATTR.dvcDeps]),
    }),
    outputs: pick({
      result: attributes[ATTR.taskResult],
      outcome: attributes[ATTR.dvcOutcome],
      outs: toTexts(attributes[ATTR.dvcOuts]),
      metrics: metrics.length === 0 ? undefined : toLastValues(metrics),
      produced_by: attributes[ATTR.producedBy],
    }),
  };
}

function toTrialStory(span: StoredSpan): TraceStory {
  const { attributes } = span;
  return {
    name: `trial ${String(attributes[ATTR.trialNumber])}`,
    type: 'EVALUATOR',
    inputs: toTrialParams(span),
    outputs: pick({
      state: attributes[ATTR.trialState],
      value: attributes[ATTR.trialValue],
      values: attributes[ATTR.trialValues],
    }),
  };
}

function toStudyStory({ attributes }: StoredSpan, summary: StudySummary | undefined): TraceStory {
  return {
    name: `study ${String(attributes[ATTR.studyName])}`,
    type: 'WORKFLOW',
    inputs: pick({ direction: attributes[ATTR.studyDirection] }),
    outputs: pick({
      best_trial: attributes[ATTR.bestTrial] ?? summary?.best?.number,
      best_value: summary?.best?.value,
      trials: summary?.trialCount,
      pruned: summary?.prunedCount || undefined,
      failed: summary?.failedCount || undefined,
    }),
  };
}

function toLastValues(metrics: readonly MetricPoint[]): Record<string, unknown> {
  return Object.fromEntries(
    metrics.map(({ key, value }) => [key, Number.isFinite(value) ? value : String(value)]),
  );
}

function toObject(attributes: Attributes, prefix: string): Record<string, unknown> | undefined {
  const names = Object.keys(attributes).filter((name) => name.startsWith(prefix));
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), attributes[name]]));
}

function toTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? (value as unknown[]).map(String) : undefined;
}

function pick(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
