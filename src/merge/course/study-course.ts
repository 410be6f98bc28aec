import { ATTR, EVENT } from '../../model/attributes.ts';
import { toStudySpanId, toTrialSpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { compareTimes } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { TrialReading } from '../../grammars/grammar.ts';
import type { Scope } from '../emitter.ts';
import type { Recorder } from '../recorder.ts';
import type { OpenSpan, SpanBook } from './span-book.ts';

/** A study whose name was never printed: it was made before, or Optuna's verbosity hides it. */
const UNNAMED = 'unnamed';
/** A study may search inside a trial of another one. */
const MAX_OPEN = 8;

interface KnownTrial {
  readonly scope: Scope;
  readonly reading: TrialReading;
  readonly toldBy: Set<StreamKey>;
}

/** A stream of the output: the same studies can come by on both, one ahead of the other. */
type StreamKey = string;

interface OpenStudy {
  readonly span: OpenSpan;
  readonly name: string;
  /** What its span IDs are made of: its name, and a number where there was one of that name before. */
  readonly key: string;
  lastEnd: UnixTime;
  readonly trials: Map<number, KnownTrial>;
  readonly paramNames: Set<string>;
  /** The streams that have told of its creation. */
  readonly announcedBy: Set<StreamKey>;
}

interface Place {
  readonly time: UnixTime;
  readonly parent: SpanId;
  readonly stream: StreamKey;
}

/** Follows the studies and trials that one output tells of. Optuna prints a trial when it has finished. */
export class StudyCourse {
  readonly #book: SpanBook;
  readonly #recorder: Recorder;
  /** The newest last: those before it may be searches that it runs inside of. */
  #open: OpenStudy[] = [];
  /** Those that ended last: a stream that is behind may still tell of them. */
  #ended: OpenStudy[] = [];
  /** The study that each stream has told of last. */
  readonly #current = new Map<StreamKey, OpenStudy>();
  /** How many studies of a name there were in a span. */
  readonly #names = new Map<string, number>();
  /** A failed trial's span waits for the traceback that is part of its line. */
  #ending: { span: OpenSpan; trial: TrialReading; time: UnixTime } | undefined;
  #count = 0;

  constructor(options: { book: SpanBook; recorder: Recorder }) {
    this.#book = options.book;
    this.#recorder = options.recorder;
  }

  get scope(): Scope | undefined {
    return this.#open.at(-1)?.span.scope;
  }

  /** How many studies there were. */
  get count(): number {
    return this.#count;
  }

  start({ study: name, isNew }: { study: string; isNew: boolean }, place: Place): Scope {
    this.#leave(place.parent);
    const known =
      this.#open.find((study) => study.name === name && isStill(study, place, isNew)) ??
      this.#ended.find((study) => study.name === name && !study.announcedBy.has(place.stream));
    if (known === undefined && this.#open.length >= MAX_OPEN) this.#close(this.#open.shift()!);
    const study = known ?? this.#start(name, place);
    if (isNew) study.announcedBy.add(place.stream);
    this.#current.set(place.stream, study);
    return study.span.scope;
  }

  /** A trial has finished. It is announced twice where it failed: once with the error, once with its value. */
  endTrial(trial: TrialReading, place: Place): Scope {
    this.#leave(place.parent);
    const known = this.#findTold(trial, place.stream);
    if (known !== undefined) return known.scope;
    const study = this.#findStudy(trial, place.time) ?? this.#start(UNNAMED, place);
    this.#current.set(place.stream, study);
    const span = this.#book.open({
      spanId: toTrialSpanId(place.parent, study.key, trial.number),
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
    const toldBy = new Set([place.stream]);
    study.trials.set(trial.number, { scope: span.scope, reading: trial, toldBy });
    for (const name of Object.keys(trial.params ?? {})) study.paramNames.add(name);
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
    const { state, errorType, errorMessage } = trial;
    this.#book.close(span, { end: time, trialState: state, errorType, errorMessage });
  }

  /** Ends the studies with their last trials: nothing says when they do. */
  finish(): void {
    this.settle();
    for (const study of this.#open.splice(0).toReversed()) this.#close(study);
    this.#ended = [];
    this.#current.clear();
  }

  /** What searched in another span than this one is over. */
  #leave(parent: SpanId): void {
    if (this.#open.some(({ span }) => span.parent !== parent)) this.finish();
  }

  /** A trial that has been told of: in the study that its stream is at, or where another stream is ahead. */
  #findTold(trial: TrialReading, stream: StreamKey): KnownTrial | undefined {
    const current = this.#current.get(stream) ?? this.#open.at(-1);
    const isTold = (study: OpenStudy | undefined): boolean => {
      const known = study?.trials.get(trial.number);
      if (known === undefined || !isSame(known.reading, trial)) return false;
      return study === current || !known.toldBy.has(stream);
    };
    const study = isTold(current) ? current : this.#open.findLast(isTold);
    if (study === undefined) return undefined;
    this.#current.set(stream, study);
    const known = study.trials.get(trial.number)!;
    known.toldBy.add(stream);
    return known;
  }

  /**
   * The study that a trial is most likely of: nothing in its line names it. Those that ran inside of it have ended. Its line
   * may come when later studies have begun, where Python keeps it in a buffer (`show_progress_bar=True` prints to stdout).
   */
  #findStudy(trial: TrialReading, time: UnixTime): OpenStudy | undefined {
    const hadBegun = ({ span }: OpenStudy): boolean => compareTimes(span.start, time) <= 0;
    const free = this.#open.filter(({ trials }) => !trials.has(trial.number));
    const begun = free.filter(hadBegun);
    const study = (begun.length > 0 ? begun : free).reduce<OpenStudy | undefined>(
      (best, each) => (best !== undefined && rate(best, trial) > rate(each, trial) ? best : each),
      undefined,
    );
    if (study === undefined) return undefined;
    const later = this.#open.splice(this.#open.indexOf(study) + 1);
    for (const inner of later.filter(hadBegun)) this.#close(inner);
    this.#open.push(...later.filter((each) => !hadBegun(each)));
    return study;
  }

  #start(name: string, place: Place): OpenStudy {
    this.#count += 1;
    const isNamed = name !== UNNAMED;
    const counted = `${place.parent} ${name}`;
    const number = (this.#names.get(counted) ?? 0) + 1;
    this.#names.set(counted, number);
    const key = number === 1 ? name : `${name}#${number}`;
    const span = this.#book.open({
      spanId: toStudySpanId(place.parent, key),
      parent: place.parent,
      role: 'study',
      name: 'study',
      start: place.time,
      attributes: { [ATTR.studyName]: name },
      inferred: isNamed ? [] : ['name', 'start_time'],
    });
    const study: OpenStudy = {
      span,
      name,
      key,
      lastEnd: place.time,
      trials: new Map(),
      paramNames: new Set(),
      announcedBy: new Set(),
    };
    this.#open.push(study);
    return study;
  }

  #close(study: OpenStudy): void {
    this.#ended = [...this.#ended.slice(1 - MAX_OPEN), study];
    this.#book.close(study.span, { end: study.lastEnd, inferred: ['end_time'] });
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

/** Whether a study that is announced is one of that name which is known. */
function isStill({ trials, announcedBy }: OpenStudy, { stream }: Place, isNew: boolean): boolean {
  // One that exists in a storage is announced again when it is loaded, and one line can come by two ways.
  return !isNew || trials.size === 0 || !announcedBy.has(stream);
}

/** Whether two lines announce the same trial. */
function isSame(known: TrialReading, trial: TrialReading): boolean {
  const { values = [] } = trial;
  const { values: knownValues = [] } = known;
  return (
    known.state === trial.state &&
    values.length === knownValues.length &&
    values.every((value, index) => Object.is(value, knownValues[index]))
  );
}

/** How well a trial fits a study: by its parameters' names, and by the best trial that its line tells of. */
function rate({ trials, paramNames }: OpenStudy, trial: TrialReading): number {
  const names = Object.keys(trial.params ?? {});
  if (names.length > 0 && paramNames.size > 0 && !names.some((name) => paramNames.has(name)))
    return 0;
  const { best, bestValue, number } = trial;
  if (best === undefined) return 1;
  if (best === number) return trials.size === number ? 2 : 1;
  const known = trials.get(best)?.reading.values?.[0];
  if (known === undefined || bestValue === undefined) return 1;
  return Object.is(known, bestValue) ? 2 : 0;
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
