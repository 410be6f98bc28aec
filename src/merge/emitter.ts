import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  createContextKey,
  trace,
} from '@opentelemetry/api';
import type { Context, Link, Tracer } from '@opentelemetry/api';
import type { LogRecord, Logger } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AlwaysOnSampler, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { ATTR, SCHEMA_URL } from '../model/attributes.ts';
import type { RunId, SpanId } from '../model/ids.ts';
import type { OtelSpanKind } from '../model/inbox.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { UnixTime } from '../model/time.ts';

/** Where log records belong: a span, and the attributes that all records in it share. */
export interface Scope {
  readonly spanId: SpanId;
  /** The stage's name, inside one. */
  readonly stage: string | undefined;
  /** What its records carry, the stage's name among them. */
  readonly attributes: Attributes;
  readonly context: Context;
}

/** The attributes that a {@link Scope} adds to its records, for the processors. */
export const SCOPE_ATTRIBUTES = createContextKey('stagelight scope attributes');

/** A log record about to be made. All fields are always there: objects of one shape are what makes this fast. */
export interface LogDraft {
  readonly scope: Scope;
  /** The instrumentation scope: the logger's name, else the tool's. */
  readonly logger: string;
  /** When it happened, where its source says so. */
  readonly time: UnixTime | undefined;
  readonly observed: UnixTime;
  readonly severity: number | undefined;
  readonly severityText: string | undefined;
  readonly eventName: string | undefined;
  readonly body: string | undefined;
  /** Its own attributes, `log.record.uid` among them; those of its scope come with it. */
  readonly attributes: Attributes;
  /** The text that body and attributes were all read in, if there is one: when it has no secret, they have none. */
  readonly raw: string | undefined;
}

/** A span about to be made: it is made at its end, once. */
export interface SpanDraft {
  readonly spanId: SpanId;
  readonly parent: SpanId | undefined;
  readonly name: string;
  readonly kind: OtelSpanKind;
  /** The instrumentation scope; `stagelight` when left out. */
  readonly tracer?: string | undefined;
  readonly start: UnixTime;
  readonly end: UnixTime;
  readonly attributes: Attributes;
  readonly error?: { readonly message?: string | undefined };
  /** Whether its status is OK: said so by its source, as only a span of the user's own is. */
  readonly isOk?: boolean;
  readonly links?: readonly Link[];
  readonly events?: readonly SpanEventDraft[];
  /** The trace that it is in, where that isn't the run's own. */
  readonly traceId?: string | undefined;
}

export interface SpanEventDraft {
  readonly name: string;
  readonly time: UnixTime;
  readonly attributes: Attributes;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;
/** No timestamp: OTLP's 0, which the encoders leave out. (Without one the SDK would take the time of the call.) */
const UNKNOWN_TIME: UnixTime = [0, 0];
/** The provider keeps every logger for ever, so names that output invents have a bound. */
const MAX_LOGGERS = 1000;
const OTHER_LOGGER = 'other';
const OWN_TRACER = 'stagelight';

export interface EmitterOptions {
  /** The trace that all of it is in. */
  readonly traceId: RunId;
  /** The span in another process's trace that the root span is a child of, with `--join`. */
  readonly remoteParent?: SpanId | undefined;
  readonly resource: Attributes;
  readonly logProcessors: LogRecordProcessor[];
  readonly spanProcessors: SpanProcessor[];
}

/** Makes the run's log records and spans, through the OpenTelemetry SDK's providers. */
export class Emitter {
  readonly #options: EmitterOptions;
  readonly #loggerProvider: LoggerProvider;
  readonly #loggers = new Map<string, Logger>();
  readonly #tracerProvider: NodeTracerProvider;
  readonly #tracers = new Map<string, Tracer>();
  #nextSpanId: SpanId = '';
  #nextTraceId: string;

  constructor(options: EmitterOptions) {
    this.#options = options;
    this.#nextTraceId = options.traceId;
    const resource = resourceFromAttributes(options.resource as Record<string, string>, {
      schemaUrl: SCHEMA_URL,
    });
    this.#loggerProvider = new LoggerProvider({
      resource,
      processors: options.logProcessors,
      logRecordLimits: { attributeCountLimit: Infinity },
    });
    this.#tracerProvider = new NodeTracerProvider({
      resource,
      sampler: new AlwaysOnSampler(),
      spanProcessors: options.spanProcessors,
      spanLimits: { attributeCountLimit: Infinity, eventCountLimit: 1000 },
      idGenerator: {
        generateTraceId: () => this.#nextTraceId,
        generateSpanId: () => this.#nextSpanId,
      },
    });
  }

  /** The scope of a span for its records. Make it once for a span: its attributes are encoded once. */
  createScope(spanId: SpanId, stage: string | undefined, attributes: Attributes = {}): Scope {
    const shared = stage === undefined ? attributes : { [ATTR.taskName]: stage, ...attributes };
    const context = this.#toContext(spanId).setValue(SCOPE_ATTRIBUTES, shared);
    return { spanId, stage, attributes: shared, context };
  }

  /** The scope of a span in another trace than the run's own. */
  createForeignScope(traceId: string, spanId: SpanId): Scope {
    const context = this.#toContext(spanId, traceId).setValue(SCOPE_ATTRIBUTES, {});
    return { spanId, stage: undefined, attributes: {}, context };
  }

  log(draft: LogDraft): void {
    const { severity, severityText, eventName, body } = draft;
    const record = {
      timestamp: draft.time ?? UNKNOWN_TIME,
      observedTimestamp: draft.observed,
      attributes: draft.attributes,
      context: draft.scope.context,
    } as LogRecord;
    // The SDK copies a record field by field: those that say nothing are left out.
    if (severity !== undefined) record.severityNumber = severity;
    if (severityText !== undefined) record.severityText = severityText;
    if (eventName !== undefined) record.eventName = eventName;
    if (body !== undefined) record.body = body;
    this.#getLogger(draft.logger).emit(record);
  }

  span(draft: SpanDraft): void {
    const { traceId, remoteParent } = this.#options;
    this.#nextSpanId = draft.spanId;
    this.#nextTraceId = draft.traceId ?? traceId;
    const parent = draft.parent ?? (draft.traceId === undefined ? remoteParent : undefined);
    const span = this.#getTracer(draft.tracer ?? OWN_TRACER).startSpan(
      draft.name,
      {
        kind: KINDS[draft.kind],
        startTime: draft.start,
        attributes: draft.attributes as Record<string, string>,
        links: [...(draft.links ?? [])],
      },
      parent === undefined ? ROOT_CONTEXT : this.#toContext(parent, this.#nextTraceId),
    );
    for (const event of draft.events ?? []) {
      span.addEvent(event.name, event.attributes as Record<string, string>, event.time);
    }
    if (draft.error !== undefined) {
      const { message } = draft.error;
      span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
    } else if (draft.isOk === true) {
      span.setStatus({ code: SpanStatusCode.OK });
    }
    span.end(draft.end);
  }

  #toContext(spanId: SpanId, traceId: string = this.#options.traceId): Context {
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
    });
  }

  #getTracer(name: string): Tracer {
    let tracer = this.#tracers.get(name);
    if (tracer === undefined) {
      if (this.#tracers.size >= MAX_LOGGERS && name !== OWN_TRACER)
        return this.#getTracer(OWN_TRACER);
      tracer = this.#tracerProvider.getTracer(name);
      this.#tracers.set(name, tracer);
    }
    return tracer;
  }

  #getLogger(name: string): Logger {
    let logger = this.#loggers.get(name);
    if (logger === undefined) {
      if (this.#loggers.size >= MAX_LOGGERS && name !== OTHER_LOGGER)
        return this.#getLogger(OTHER_LOGGER);
      logger = this.#loggerProvider.getLogger(name);
      this.#loggers.set(name, logger);
    }
    return logger;
  }
}
