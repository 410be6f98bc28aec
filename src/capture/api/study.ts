import type { Span } from '@opentelemetry/api';
import { ATTR } from '../../model/attributes.ts';
import { toStudySpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { beginSpan, getParentId } from './active-span.ts';
import { toAttributes } from './attributes.ts';
import type { GivenAttributes } from './attributes.ts';
import { getRecording } from './current.ts';
import { runInSpan, toErrorOutcome } from './run-in-span.ts';
import { safely, toText } from './safely.ts';
import { runTrial } from './trial.ts';
import type { Objective, Trial, TrialParams, TrialResult } from './trial.ts';

/** What a study looks for. */
export type Direction = 'minimize' | 'maximize';

/** Options of {@link study}. */
export interface StudyOptions {
  /** What the trials' values are to become: one direction, or one for each value of a trial. @default 'minimize' */
  readonly direction?: Direction | readonly Direction[];
  /** Attributes of the study's span, known when it begins. */
  readonly attributes?: GivenAttributes;
}

/** A search that is under way. */
export interface Study<P extends TrialParams = TrialParams> {
  readonly name: string;
  /** The study's OpenTelemetry span. */
  readonly span: Span;
  /** The best complete trial so far; none where a trial has several values. */
  readonly best: TrialResult<P> | undefined;
  /**
   * Runs one trial: a span with the parameters and the value that `fn` returns. Trials are numbered from 0 in the order in
   * which they begin, and may run at the same time.
   *
   * The trial is `COMPLETE` when `fn` returns a number (or several), `PRUNED` when it calls `trial.prune()`, and `FAIL` when
   * it returns NaN or no number, or throws.
   *
   * @throws what `fn` throws, after it was recorded
   */
  trial<Q extends P>(
    params: Q,
    fn: (trial: Trial<Q>) => Objective | Promise<Objective>,
  ): Promise<TrialResult<Q>>;
}

/**
 * Runs `fn` as a study: a span in which the search's trials lie. At its end it has the number of the best trial.
 *
 * @param name the study's name; a second study of one name in the same stage is another one
 * @param fn is given the study, and asks for the trials
 * @returns what `fn` returns
 * @throws what `fn` throws, after it was recorded
 *
 * @example
 * ```ts
 * const best = await study('depth', { direction: 'maximize' }, async (search) => {
 *   for (const depth of [2, 4, 8]) {
 *     await search.trial({ depth }, async (trial) => {
 *       for (let epoch = 0; epoch < 10; epoch += 1) {
 *         const accuracy = await train(depth, epoch);
 *         trial.report(accuracy, epoch);
 *         if (epoch > 2 && accuracy < 0.5) trial.prune();
 *       }
 *       return evaluate(depth);
 *     });
 *   }
 *   return search.best?.params;
 * });
 * ```
 */
export async function study<T, P extends TrialParams = TrialParams>(
  name: string,
  options: StudyOptions,
  fn: (study: Study<P>) => T | Promise<T>,
): Promise<T> {
  const directions = [options.direction ?? 'minimize'].flat();
  const identity = safely(() => identify(toText(name)));
  const active = beginSpan({
    kind: 'study',
    name: 'study',
    spanId: identity?.spanId,
    attributes: {
      ...toAttributes(options.attributes),
      [ATTR.studyName]: toText(name),
      [ATTR.studyDirection]: directions.length === 1 ? directions[0]! : directions,
    },
  });
  const search = new Search<P>({ name: toText(name), span: active.span, directions, identity });
  return await runInSpan(active, async () => await fn(search), {
    ok: () => ({}),
    failed: toErrorOutcome,
  });
}

/** What the trials' span IDs are derived from. */
export interface StudyIdentity {
  readonly spanId: SpanId;
  readonly parent: SpanId;
  /** The study's name, made unique in its parent. */
  readonly key: string;
}

function identify(name: string): StudyIdentity | undefined {
  const recording = getRecording();
  if (recording === undefined) return undefined;
  const parent = getParentId(recording);
  const execution = recording.claim(`study ${name} in ${parent}`);
  const key = execution === 1 ? name : `${name}#${execution}`;
  return { spanId: toStudySpanId(parent, key), parent, key };
}

class Search<P extends TrialParams> implements Study<P> {
  readonly name: string;
  readonly span: Span;
  readonly #directions: readonly Direction[];
  readonly #identity: StudyIdentity | undefined;
  #best: TrialResult<P> | undefined;
  #count = 0;

  constructor(options: {
    name: string;
    span: Span;
    directions: readonly Direction[];
    identity: StudyIdentity | undefined;
  }) {
    this.name = options.name;
    this.span = options.span;
    this.#directions = options.directions;
    this.#identity = options.identity;
  }

  get best(): TrialResult<P> | undefined {
    return this.#best;
  }

  async trial<Q extends P>(
    params: Q,
    fn: (trial: Trial<Q>) => Objective | Promise<Objective>,
  ): Promise<TrialResult<Q>> {
    const number = this.#count;
    this.#count += 1;
    return await runTrial({
      number,
      params,
      fn,
      study: this.name,
      identity: this.#identity,
      valueCount: this.#directions.length,
      rank: (result) => this.#rank(result),
    });
  }

  /** Gives the attribute that says whether a trial is the best so far. */
  #rank(result: TrialResult<P>): Attributes {
    if (result.value === undefined || this.#directions.length !== 1) return {};
    const best = this.#best?.value;
    const sign = this.#directions[0] === 'maximize' ? 1 : -1;
    const isBest = best === undefined || sign * (result.value - best) > 0;
    if (isBest) {
      this.#best = result;
      this.span.setAttribute(ATTR.bestTrial, result.number);
    }
    return { [ATTR.trialBest]: isBest };
  }
}
