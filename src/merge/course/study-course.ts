import { ATTR, EVENT } from '../../model/attributes.ts';
import { toStudySpanId, toTrialSpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { UnixTime } from '../../model/time.ts';
import type { TrialReading } from '../../grammars/grammar.ts';
import type { Scope } from '../emitter.ts';
import type { Recorder } from '../recorder.ts';
import type { OpenSpan, SpanBook } from './span-book.ts';

/** A study whose name was never printed: it was made before, or Optuna's verbosity hides it. */
const UNNAMED = 'unnamed';

interface OpenStudy {
  readonly span: OpenSpan;
  readonly name: string;
  lastEnd: UnixTime;
  readonly trials: Map<number, Scope>;
}

/** Follows the studies and trials that one output tells of. Optuna prints a trial when it has finished. */
export class StudyCourse {
  readonly #book: SpanBook;
  readonly #recorder: Recorder;
  #study: OpenStudy | undefined;
  /** A failed trial's span waits for the traceback that is part of its line. */
  #ending: { span: OpenSpan; trial: TrialReading; time: UnixTime } | undefined;
  #count = 0;

  constructor(options: { book: SpanBook; recorder: Recorder }) {
    this.#book = options.book;
    this.#recorder = options.recorder;
  }

  get scope(): Scope | undefined {
    return this.#study?.span.scope;
  }

  /** How many studies there were. */
  get count(): number {
    return this.#count;
  }

  start(name: string, place: { time: UnixTime; parent: SpanId }): Scope {
    // A study that exists in a storage is announced again when it is loaded.
    if (this.#study?.name === name && this.#study.span.parent === place.parent)
      return this.#study.span.scope;
    this.finish();
    return this.#open(name, place).scope;
  }

  /** A trial has finished. It is announced twice where it failed: once with the error, once with its value. */
  endTrial(trial: TrialReading, place: { time: UnixTime; parent: SpanId }): Scope {
    const open = this.#study?.span.parent === place.parent ? this.#study : undefined;
    const study = open ?? this.#openUnnamed(place);
    const known = study.trials.get(trial.number);
    if (known !== undefined) return known;
    const span = this.#book.open({
      spanId: toTrialSpanId(place.parent, study.name, trial.number),
      parent: study.span.spanId,
      role: 'trial',
      name: 'trial',
      start: study.lastEnd,
      inferred: ['start_time'],
      attributes: { [ATTR.studyName]: study.name, ...toTrialAttributes(trial) },
      recordAttributes: { [ATTR.trialNumber]: trial.number },
    });
    this.settle();
    this.#logValues(span, trial, place.time);
    study.trials.set(trial.number, span.scope);
    study.lastEnd = place.time;
    if (trial.best !== undefined) study.span.attributes[ATTR.bestTrial] = trial.best;
    this.#ending = { span, trial, time: place.time };
    return span.scope;
  }

  /** Ends the trial whose line was the last; called when that line's record is complete. */
  settle(): void {
    if (this.#ending === undefined) return;
    const { span, trial, time } = this.#ending;
    this.#ending = undefined;
    this.#book.close(span, { end: time, trialState: trial.state, errorType: trial.errorType });
  }

  /** Ends the study with its last trial: nothing says when it does. */
  finish(): void {
    this.settle();
    if (this.#study === undefined) return;
    const { span, lastEnd } = this.#study;
    this.#study = undefined;
    this.#book.close(span, { end: lastEnd, inferred: ['end_time'] });
  }

  #openUnnamed(place: { time: UnixTime; parent: SpanId }): OpenStudy {
    this.finish();
    this.#open(UNNAMED, place);
    return this.#study!;
  }

  #open(name: string, place: { time: UnixTime; parent: SpanId }): OpenSpan {
    this.#count += 1;
    const isNamed = name !== UNNAMED;
    const span = this.#book.open({
      spanId: toStudySpanId(place.parent, name),
      parent: place.parent,
      role: 'study',
      name: 'study',
      start: place.time,
      attributes: { [ATTR.studyName]: name },
      inferred: isNamed ? [] : ['name', 'start_time'],
    });
    this.#study = { span, name, lastEnd: place.time, trials: new Map() };
    return span;
  }

  #logValues(span: OpenSpan, trial: TrialReading, time: UnixTime): void {
    const values = trial.values ?? [];
    values.forEach((value, index) => {
      const name = values.length === 1 ? 'value' : `values.${index}`;
      this.#recorder.event({
        scope: span.scope,
        name: EVENT.metric,
        time,
        body: `${name} = ${value}`,
        attributes: { [ATTR.metricName]: name, [ATTR.metricValue]: value },
        uid: `${span.spanId}-${name}`,
        logger: 'optuna',
      });
    });
  }
}

function toTrialAttributes(trial: TrialReading): Attributes {
  const { number, values, params, best } = trial;
  const attributes: Attributes = { [ATTR.trialNumber]: number };
  if (values?.length === 1) attributes[ATTR.trialValue] = values[0]!;
  else if (values !== undefined && values.length > 1) attributes[ATTR.trialValues] = [...values];
  if (best !== undefined) attributes[ATTR.trialBest] = best === number;
  for (const [name, value] of Object.entries(params ?? {}))
    attributes[`${ATTR.trialParamPrefix}${name}`] = value;
  return attributes;
}
