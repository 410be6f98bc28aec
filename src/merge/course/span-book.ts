import type { Link } from '@opentelemetry/api';
import { ATTR, EVENT } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import type { OtelSpanKind } from '../../model/inbox.ts';
import type { Attributes, Result, TrialState } from '../../model/pipeline.ts';
import { compareTimes, laterOf } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Scope, SpanEventDraft } from '../emitter.ts';
import type { Recorder } from '../recorder.ts';

export type SpanRole = 'run' | 'stage' | 'command' | 'study' | 'trial' | 'job' | 'flow' | 'span';

/** A span that has begun and not ended. */
export interface OpenSpan {
  readonly spanId: SpanId;
  parent: SpanId | undefined;
  readonly role: SpanRole;
  name: string;
  readonly kind: OtelSpanKind;
  readonly tracer: string | undefined;
  start: UnixTime;
  readonly scope: Scope;
  readonly attributes: Attributes;
  /** What of it wasn't said by its source, such as `start_time`. */
  readonly inferred: Set<string>;
  readonly links: Link[];
  readonly events: SpanEventDraft[];
  /** The class of the last exception that was seen in it. */
  lastException: { readonly type: string; readonly message: string | undefined } | undefined;
}

export interface SpanStart {
  readonly spanId: SpanId;
  readonly parent: SpanId | undefined;
  readonly role: SpanRole;
  readonly name: string;
  /** OpenTelemetry's kind; its role's when left out. */
  readonly kind?: OtelSpanKind | undefined;
  /** The instrumentation scope; `stagelight` when left out. */
  readonly tracer?: string | undefined;
  readonly start: UnixTime;
  /** The stage that its records are in; the parent's when left out. */
  readonly stage?: string | undefined;
  readonly attributes?: Attributes;
  readonly inferred?: readonly string[];
  readonly links?: readonly Link[];
  /** Attributes that its records carry. */
  readonly recordAttributes?: Attributes;
}

export interface SpanEnd {
  readonly end: UnixTime;
  readonly result?: Result;
  readonly trialState?: TrialState;
  /** What a span of the user's own says of itself, without being a stage or trial. */
  readonly status?: 'ok' | 'error' | undefined;
  /** Where it was renamed. */
  readonly name?: string | undefined;
  readonly events?: readonly SpanEventDraft[];
  readonly links?: readonly Link[];
  readonly errorType?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly attributes?: Attributes;
  readonly inferred?: readonly string[];
}

const MAX_ENDED = 100_000;
/** Spans that are known by their ID only. */
const MAX_NOTED = 1000;
/** A span keeps this many exceptions as events; all of them are log records. */
const MAX_EVENTS = 32;

/** The spans that are open. Each is given to the recorder once, when it ends. */
export class SpanBook {
  readonly #recorder: Recorder;
  readonly #open = new Map<SpanId, OpenSpan>();
  /** Those that ended last: several observers may tell of one. */
  readonly #ended = new Set<SpanId>();
  /** What was told of spans before their beginning was read: a process in one is read before the process around it. */
  readonly #noted = new Map<SpanId, Attributes>();
  readonly #url: string;
  readonly #keepsExceptionEvents: boolean;

  /** @param options.url where the run can be looked at, for stages' spans. */
  constructor(options: { recorder: Recorder; url: string; keepsExceptionEvents: boolean }) {
    this.#recorder = options.recorder;
    this.#url = options.url;
    this.#keepsExceptionEvents = options.keepsExceptionEvents;
  }

  get(spanId: SpanId): OpenSpan | undefined {
    return this.#open.get(spanId);
  }

  /** Adds to a span what isn't said of it yet, also to one whose beginning is still to come. */
  annotate(spanId: SpanId, attributes: Attributes): void {
    const open = this.#open.get(spanId)?.attributes;
    if (open !== undefined) return addMissing(open, attributes);
    const noted = this.#noted.get(spanId) ?? {};
    addMissing(noted, attributes);
    if (this.#noted.size < MAX_NOTED && !this.#ended.has(spanId)) this.#noted.set(spanId, noted);
  }

  /** Whether a span that is open, or still to come, has an attribute. */
  hasAttribute(spanId: SpanId, key: string): boolean {
    return (this.#open.get(spanId)?.attributes ?? this.#noted.get(spanId))?.[key] !== undefined;
  }

  /** Begins a span and, for a stage or a trial, writes its start event. Gives the span that is there if it has begun. */
  open(begin: SpanStart): OpenSpan {
    const known = this.#open.get(begin.spanId);
    if (known !== undefined) return addKnown(known, begin);
    const stage =
      begin.stage ??
      (begin.parent === undefined ? undefined : this.#open.get(begin.parent)?.scope.stage);
    const span: OpenSpan = {
      spanId: begin.spanId,
      parent: begin.parent,
      role: begin.role,
      name: begin.name,
      kind: begin.kind ?? KINDS[begin.role] ?? 'internal',
      tracer: begin.tracer,
      start: begin.start,
      scope: this.#recorder.createScope(begin.spanId, stage, begin.recordAttributes),
      attributes: { ...this.#toRoleAttributes(begin), ...begin.attributes },
      inferred: new Set(begin.inferred),
      links: [...(begin.links ?? [])],
      events: [],
      lastException: undefined,
    };
    // Another observer has seen it to its end.
    if (this.#ended.has(span.spanId)) return span;
    this.#open.set(span.spanId, span);
    addMissing(span.attributes, this.#noted.get(span.spanId) ?? {});
    this.#noted.delete(span.spanId);
    const eventName = START_EVENTS[begin.role];
    // One that began before anyone knew has no start to tell of.
    if (eventName !== undefined && !span.inferred.has('start_time'))
      this.#logStart(span, eventName);
    return span;
  }

  /** Ends a span and hands it on. One that isn't open is left alone: it has ended before. */
  close(span: OpenSpan, how: SpanEnd): void {
    if (!this.#open.delete(span.spanId)) return;
    this.#noteEnd(span.spanId);
    const attributes: Attributes = { ...span.attributes, ...how.attributes };
    if (how.result !== undefined)
      attributes[RESULT_ATTRIBUTES[span.role] ?? ATTR.taskResult] = how.result;
    if (how.trialState !== undefined) attributes[ATTR.trialState] = how.trialState;
    const isError =
      how.result === 'failure' ||
      how.result === 'error' ||
      how.trialState === 'FAIL' ||
      how.status === 'error';
    const errorType = isError ? (how.errorType ?? span.lastException?.type) : undefined;
    if (errorType !== undefined) attributes[ATTR.errorType] = errorType;
    const inferred = [...span.inferred, ...(how.inferred ?? [])];
    if (inferred.length > 0) attributes[ATTR.inferred] = inferred;
    if (span.role === 'stage' && how.result !== undefined) this.#recorder.counter.stage(how.result);
    if (span.role === 'trial') this.#recorder.counter.trials += 1;
    this.#recorder.span({
      spanId: span.spanId,
      parent: span.parent,
      name: how.name ?? span.name,
      kind: span.kind,
      tracer: span.tracer,
      start: span.start,
      end: laterOf(span.start, how.end),
      attributes,
      links: [...span.links, ...(how.links ?? [])],
      events: [...span.events, ...(how.events ?? [])],
      isOk: how.status === 'ok',
      ...(isError && { error: { message: how.errorMessage ?? span.lastException?.message } }),
    });
  }

  #noteEnd(spanId: SpanId): void {
    if (this.#ended.size >= MAX_ENDED) this.#ended.delete(this.#ended.values().next().value!);
    this.#ended.add(spanId);
  }

  /** Ends everything that is open, the newest first. */
  closeAll(how: (span: OpenSpan) => SpanEnd): void {
    const [run] = this.#open.values();
    // Of spans that nobody has told of: it was in the run, at least.
    if (run !== undefined)
      for (const attributes of this.#noted.values()) addMissing(run.attributes, attributes);
    for (const span of [...this.#open.values()].toReversed()) this.close(span, how(span));
  }

  /** Keeps an exception that was seen in a span, as an event of it (`logs/dup`) and for its `error.type`. */
  noteException(spanId: SpanId, exception: { time: UnixTime; attributes: Attributes }): void {
    const span = this.#open.get(spanId);
    if (span === undefined) return;
    const { [ATTR.exceptionType]: type, [ATTR.exceptionMessage]: message } = exception.attributes;
    if (typeof type === 'string') {
      span.lastException = { type, message: typeof message === 'string' ? message : undefined };
    }
    if (this.#keepsExceptionEvents && span.events.length < MAX_EVENTS) {
      span.events.push({ name: 'exception', ...exception });
    }
  }

  #toRoleAttributes({ role, name, spanId }: SpanStart): Attributes {
    if (role !== 'stage') return {};
    return { [ATTR.taskName]: name, [ATTR.taskRunId]: spanId, [ATTR.taskRunUrl]: this.#url };
  }

  #logStart(span: OpenSpan, name: string): void {
    const { scope, spanId, role, start: time, attributes } = span;
    const what = role === 'trial' ? String(attributes[ATTR.trialNumber]) : span.name;
    this.#recorder.event({
      scope,
      name,
      time,
      body: `${role} ${what} started`,
      attributes,
      uid: `${spanId}-start`,
    });
  }
}

function addMissing(attributes: Attributes, more: Attributes): void {
  for (const key in more) attributes[key] ??= more[key]!;
}

/** What a second observer says of a span that is open: what the first hasn't said. */
function addKnown(span: OpenSpan, begin: SpanStart): OpenSpan {
  const { attributes, links, name, start, inferred = [] } = begin;
  addMissing(span.attributes, attributes ?? {});
  span.links.push(...(links ?? []));
  // Who knows it from inside comes after who has only seen a line of it.
  if (!inferred.includes('name') && span.inferred.delete('name')) span.name = name;
  if (!inferred.includes('start_time') && span.inferred.delete('start_time')) span.start = start;
  // A console is read later than what it shows has happened.
  if (compareTimes(start, span.start) < 0) span.start = start;
  return span;
}

const START_EVENTS: Readonly<Partial<Record<SpanRole, string>>> = {
  stage: EVENT.stageStart,
  trial: EVENT.trialStart,
};

const RESULT_ATTRIBUTES: Readonly<Partial<Record<SpanRole, string>>> = { run: ATTR.pipelineResult };

const KINDS: Readonly<Partial<Record<SpanRole, 'server' | 'client'>>> = {
  run: 'server',
  command: 'client',
};
