import type { Span } from '@opentelemetry/api';
import { context } from '@opentelemetry/api';
import { ATTR } from '../../model/attributes.ts';
import { toTrialSpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { beginSpan } from './active-span.ts';
import type { ActiveSpan } from './active-span.ts';
import { toAttributes } from './attributes.ts';
import { metric } from './metric.ts';
import type { SpanOutcome } from './recording.ts';
import { toFailure } from './run-in-span.ts';
import { safely } from './safely.ts';

/** The parameters that a trial tries, by name. */
export type TrialParams = object;

/** What a trial's function returns: its value, or one for each direction of the study. */
export type Objective = number | readonly number[];

/** A trial that is under way. */
export interface Trial<P extends TrialParams = TrialParams> {
  /** From 0, in the order in which the study's trials began. */
  readonly number: number;
  readonly params: P;
  /** The trial's OpenTelemetry span. */
  readonly span: Span;
  /**
   * Records an intermediate value, as the metric `intermediate_value`. Never throws.
   * @param step where in the trial: an epoch, a fold
   */
  report(value: number, step: number): void;
  /**
   * Gives the trial up: it isn't worth going on with. Not a failure.
   * @throws {TrialPruned} always, which the study catches
   */
  prune(): never;
}

/** How a trial ended. */
export interface TrialResult<P extends TrialParams = TrialParams> {
  readonly number: number;
  readonly params: P;
  readonly state: 'COMPLETE' | 'PRUNED' | 'FAIL';
  /** The value of a complete trial that has one. */
  readonly value: number | undefined;
  /** The values of a complete trial; empty for any other. */
  readonly values: readonly number[];
}

/** What {@link Trial.prune} throws. A `catch` inside a trial has to throw it on. */
export class TrialPruned extends Error {
  constructor() {
    super('the trial was pruned');
    this.name = 'TrialPruned';
  }
}

export interface TrialRun<P extends TrialParams> {
  readonly number: number;
  readonly params: P;
  readonly fn: (trial: Trial<P>) => Objective | Promise<Objective>;
  /** The study's name. */
  readonly study: string;
  /** What the span's ID is derived from; inside a run only. */
  readonly identity: { readonly parent: SpanId; readonly key: string } | undefined;
  readonly valueCount: number;
  /** Gives the attributes of a complete trial that say how it stands in the study. */
  rank(result: TrialResult<P>): Attributes;
}

/** Runs a trial of a study. */
export async function runTrial<P extends TrialParams>(run: TrialRun<P>): Promise<TrialResult<P>> {
  const { number, params, study, identity } = run;
  const active = beginSpan({
    kind: 'trial',
    name: 'trial',
    spanId: identity && toTrialSpanId(identity.parent, identity.key, number),
    attributes: {
      [ATTR.studyName]: study,
      [ATTR.trialNumber]: number,
      ...toParamAttributes(params),
    },
  });
  const trial: Trial<P> = {
    number,
    params,
    span: active.span,
    report: (value, step) =>
      context.with(active.context, () => metric('intermediate_value', value, step)),
    prune: () => {
      throw new TrialPruned();
    },
  };
  try {
    const returned = await context.with(active.context, () => run.fn(trial));
    return endWith(run, { active, returned });
  } catch (error) {
    const isPruned = error instanceof TrialPruned;
    active.end(isPruned ? { state: 'PRUNED' } : toFailOutcome(active, error));
    if (isPruned) return { number, params, state: 'PRUNED', value: undefined, values: [] };
    throw error;
  }
}

function endWith<P extends TrialParams>(
  run: TrialRun<P>,
  { active, returned }: { active: ActiveSpan; returned: unknown },
): TrialResult<P> {
  const { number, params, valueCount } = run;
  const values = [returned].flat().map(toNumber);
  const isComplete = values.length === valueCount && !values.some(Number.isNaN);
  if (typeof returned === 'number' || Array.isArray(returned)) safely(() => record(active, values));
  if (!isComplete) {
    const errorMessage = describeFault(returned, valueCount);
    active.end({ state: 'FAIL', errorType: 'RangeError', errorMessage });
    return { number, params, state: 'FAIL', value: undefined, values: [] };
  }
  const value = values.length === 1 ? values[0] : undefined;
  const result: TrialResult<P> = { number, params, state: 'COMPLETE', value, values };
  safely(() => active.span.setAttributes(run.rank(result) as Record<string, boolean>));
  active.end({ state: 'COMPLETE' });
  return result;
}

/** The values, on the span and as metrics. */
function record({ span, context: inside }: ActiveSpan, values: readonly number[]): void {
  if (values.length === 1) span.setAttribute(ATTR.trialValue, values[0]!);
  else span.setAttribute(ATTR.trialValues, [...values]);
  values.forEach((value, index) => {
    const name = values.length === 1 ? 'value' : `values.${index}`;
    context.with(inside, () => metric(name, value));
  });
}

function toFailOutcome(active: ActiveSpan, error: unknown): SpanOutcome {
  const { type, message } = toFailure(active, error);
  return { state: 'FAIL', errorType: type, errorMessage: message };
}

function toNumber(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
}

function describeFault(returned: unknown, valueCount: number): string {
  if (Array.isArray(returned) && returned.length !== valueCount)
    return `a trial gave ${returned.length} values where the study has ${valueCount} directions`;
  const what = typeof returned === 'number' ? String(returned) : `of type ${typeof returned}`;
  return `a trial's value can't be ${what}`;
}

function toParamAttributes(params: TrialParams): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(toAttributes(params)))
    attributes[`${ATTR.trialParamPrefix}${name}`] = value;
  return attributes;
}
