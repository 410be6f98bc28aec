import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MetricPoint, MlflowRun } from './api.ts';
import type { Course } from './course.ts';
import { Cuts } from './limits.ts';
import { STAGE_TAG_PREFIX, TAG } from './names.ts';
import { toPipelineState } from './pipeline-state.ts';
import { describeTrial, toOwnPoints, toParamValues } from './trial.ts';

export interface MlflowFinding {
  readonly kind: 'missing' | 'differs' | 'foreign' | 'untied' | 'duration';
  /** A line for people. */
  readonly text: string;
}

/** Durations that differ by less are the same: two programs read their clocks. */
const SLACK_MS = 1000;

/** What the pipeline's run in MLflow holds and what it should: status, results, parameters, metrics. */
export function* comparePipeline(
  root: StoredSpan,
  course: Course,
  run: MlflowRun,
): Generator<MlflowFinding> {
  const state = toPipelineState(root, course, { cuts: new Cuts() });
  const name = "the pipeline's run";
  if (state.status !== run.status) yield toDifference(name, 'it', [run.status, state.status]);
  for (const [key, value] of Object.entries(state.tags)) {
    const isResult = key.startsWith(STAGE_TAG_PREFIX) || key === TAG.result;
    const held = run.tags[key];
    if (isResult && held !== value) yield toDifference(name, key, [held, value]);
  }
  yield* compareParams(name, state.params, run);
  yield* compareMetrics(name, state.metrics, run);
  yield* compareDuration(name, { startMs: run.startMs, endMs: state.endMs }, run);
}

/** A trial and its run: one of ours, or the user's own that it was joined with. */
export function* compareTrial({
  trial,
  points,
  run,
}: {
  readonly trial: StoredSpan;
  readonly points: readonly MetricPoint[];
  readonly run: MlflowRun | undefined;
}): Generator<MlflowFinding> {
  const { name, startMs, endMs } = describeTrial(trial, undefined);
  if (run === undefined || !run.isActive) {
    yield { kind: 'missing', text: `${name} has no run` };
    return;
  }
  const cuts = new Cuts();
  yield* compareParams(name, toParamValues(trial, cuts), run);
  yield* compareMetrics(name, toOwnPoints(points, cuts), run);
  yield* compareDuration(name, { startMs, endMs }, run);
}

function* compareParams(
  name: string,
  params: Readonly<Record<string, string>>,
  run: MlflowRun,
): Generator<MlflowFinding> {
  for (const [key, value] of Object.entries(params)) {
    const held = run.params[key];
    if (held === value || (held !== undefined && Number(held) === Number(value))) continue;
    yield toDifference(name, key, [held, value]);
  }
}

function* compareMetrics(
  name: string,
  points: readonly MetricPoint[],
  run: MlflowRun,
): Generator<MlflowFinding> {
  for (const { key, value } of toLatest(points).values()) {
    const held = run.metrics[key];
    if (!Object.is(held, value)) yield toDifference(name, key, [held, value]);
  }
}

/** The value of each metric that MLflow calls its last: of the highest step, then time, then value. */
function toLatest(points: readonly MetricPoint[]): Map<string, MetricPoint> {
  const latest = new Map<string, MetricPoint>();
  for (const point of points) {
    const before = latest.get(point.key);
    if (before === undefined || isLater(point, before)) latest.set(point.key, point);
  }
  return latest;
}

function isLater(a: MetricPoint, b: MetricPoint): boolean {
  const byTime = Math.floor(a.timeMs) - Math.floor(b.timeMs);
  return (a.step - b.step || byTime || a.value - b.value) > 0;
}

function* compareDuration(
  name: string,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  run: MlflowRun,
): Generator<MlflowFinding> {
  const heldMs = (run.endMs ?? run.startMs) - run.startMs;
  if (Math.abs(heldMs - (endMs - startMs)) <= SLACK_MS) return;
  const text = `${name} took ${toSeconds(endMs - startMs)}, its run says ${toSeconds(heldMs)}`;
  yield { kind: 'duration', text };
}

function toDifference(
  name: string,
  what: string,
  [held, value]: readonly [held: string | number | undefined, value: string | number],
): MlflowFinding {
  const [is, should] = [held ?? 'missing', value].map((each) => shorten(String(each)));
  return { kind: 'differs', text: `${name}: ${what} is ${is}, not ${should}` };
}

const MAX_SHOWN = 80;

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
