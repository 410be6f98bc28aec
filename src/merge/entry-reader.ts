import { TraceFlags } from '@opentelemetry/api';
import type { Attributes as SpanAttributes, Link } from '@opentelemetry/api';
import { ATTR, EVENT } from '../model/attributes.ts';
import { toRootSpanId } from '../model/ids.ts';
import type { SpanId } from '../model/ids.ts';
import type {
  InboxEntry,
  LogEntry,
  LogsEntry,
  MetricEntry,
  SpanEndEntry,
  SpanLinkEntry,
  SpanStartEntry,
} from '../model/inbox.ts';
import { parseInboxAttributes } from '../model/inbox-value.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { EntryPlace } from '../spool/inbox-visitor.ts';
import type { OpenSpan, SpanBook, SpanEnd, SpanRole } from './course/span-book.ts';
import type { Scope } from './emitter.ts';
import type { FaultLog } from '../spool/fault-log.ts';
import type { Recorder } from './recorder.ts';
import { toUidPrefix } from './uid.ts';

/** Scopes of spans that have ended are kept for records that come late. */
const MAX_SCOPES = 10_000;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Makes spans and records of what the API and the hooks wrote into their inboxes. */
export class EntryReader {
  readonly #info: RunInfo;
  readonly #book: SpanBook;
  readonly #recorder: Recorder;
  readonly #faults: FaultLog;
  readonly #scopes = new Map<SpanId, Scope>();
  /** Spans that are open, and the inbox that told of each. */
  readonly #open = new Map<OpenSpan, string>();
  /** The last sign of life from each inbox. */
  readonly #lastTimes = new Map<string, UnixTime>();

  constructor(options: { info: RunInfo; book: SpanBook; recorder: Recorder; faults: FaultLog }) {
    this.#info = options.info;
    this.#book = options.book;
    this.#recorder = options.recorder;
    this.#faults = options.faults;
  }

  take(entry: InboxEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time);
    if (time !== undefined) this.#lastTimes.set(place.source, time);
    switch (entry.type) {
      case 'log':
        return this.#log(entry, place);
      case 'logs':
        return this.#logs(entry, place);
      case 'metric':
        return this.#metric(entry, place);
      case 'span-start':
        return this.#start(entry, place);
      case 'span-end':
        return this.#end(entry);
      case 'fault':
        this.#faults.add(entry);
        this.#recorder.counter.dropped += entry.count ?? 0;
        return;
      default:
    }
  }

  /** Ends what is still open: the process that began it was killed, for it ends its spans when it ends. */
  finish(how: SpanEnd): void {
    const wasStopped = how.result === 'error' || how.result === 'cancellation';
    for (const [span, source] of [...this.#open].toReversed()) {
      const end = this.#lastTimes.get(source) ?? how.end;
      const { result, errorType } = wasStopped ? how : KILLED;
      this.#book.close(span, {
        end,
        inferred: ['end_time'],
        errorType,
        ...(span.role === 'stage' && result !== undefined && { result }),
        ...(span.role === 'trial' && { trialState: 'FAIL' as const }),
        ...(span.role !== 'stage' && result === 'error' && { status: 'error' as const }),
      });
    }
    this.#open.clear();
  }

  #log(entry: LogEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time) ?? [0, 0];
    const scope = this.#toScope(entry.span);
    const told = parseInboxAttributes(entry.attributes);
    const attributes: Attributes = { ...told, [ATTR.uid]: this.#toUid(place) };
    this.#recorder.log({
      scope,
      logger: entry.logger ?? 'stagelight',
      time,
      observed: time,
      severity: entry.severity,
      severityText: entry.severityText,
      eventName: entry.event,
      body: entry.body,
      attributes,
      raw: undefined,
    });
    if (attributes[ATTR.exceptionType] !== undefined)
      this.#book.noteException(scope.spanId, { time, attributes: told });
  }

  #logs(entry: LogsEntry, place: EntryPlace): void {
    const { logger = 'stagelight', severity, severityText } = entry;
    const bodies = toText(entry.bodies);
    const scope = this.#toScope(entry.span);
    const seconds = parseNanoString(entry.time)?.[0] ?? 0;
    const nanos = Buffer.from(toText(entry.nanos), 'base64');
    const lengths = Buffer.from(toText(entry.lengths), 'base64');
    const count = Math.min(nanos.length >> 2, lengths.length >> 1);
    for (let index = 0, start = 0; index < count; index += 1) {
      const time: UnixTime = [seconds, nanos.readUInt32LE(4 * index)];
      const body = bodies.slice(start, (start += lengths.readUInt16LE(2 * index)));
      // Each takes more than a byte of the entry, so the place is no other record's.
      const uid = this.#toUid({ ...place, offset: place.offset + index });
      this.#recorder.log({
        scope,
        logger,
        time,
        observed: time,
        severity,
        severityText,
        eventName: undefined,
        body,
        attributes: { [ATTR.uid]: uid },
        raw: undefined,
      });
    }
  }

  #metric(entry: MetricEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time) ?? [0, 0];
    this.#recorder.event({
      scope: this.#toScope(entry.span),
      name: EVENT.metric,
      time,
      body: `${entry.name} = ${entry.value}`,
      attributes: {
        [ATTR.metricName]: entry.name,
        [ATTR.metricValue]: Number(entry.value),
        ...(entry.step !== undefined && { [ATTR.metricStep]: entry.step }),
      },
      uid: this.#toUid(place),
    });
  }

  #start(entry: SpanStartEntry, place: EntryPlace): void {
    const start = parseNanoString(entry.time);
    if (start === undefined || !SPAN_ID.test(entry.span)) return;
    const parent =
      entry.parent !== undefined && SPAN_ID.test(entry.parent)
        ? entry.parent
        : this.#info.rootSpanId;
    const around = this.#book.get(parent)?.scope ?? this.#scopes.get(parent);
    const attributes = parseInboxAttributes(entry.attributes);
    // What is inside a trial is that trial's.
    const number =
      (entry.kind === 'trial' ? attributes : around?.attributes)?.[ATTR.trialNumber] ?? undefined;
    const span = this.#book.open({
      spanId: entry.span,
      parent,
      role: toRole(entry.kind),
      name: entry.name,
      kind: entry.spanKind,
      tracer: entry.scope,
      start,
      stage: entry.kind === 'stage' ? entry.name : around?.stage,
      attributes,
      ...(number !== undefined && { recordAttributes: { [ATTR.trialNumber]: number } }),
    });
    this.#open.set(span, place.source);
    this.#keepScope(span.scope);
  }

  #end(entry: SpanEndEntry): void {
    const span = this.#book.get(entry.span);
    const end = parseNanoString(entry.time);
    if (span === undefined || end === undefined) return;
    this.#open.delete(span);
    this.#book.close(span, {
      end,
      name: entry.name,
      ...(entry.result !== undefined && { result: entry.result }),
      ...(entry.state !== undefined && { trialState: entry.state }),
      status: entry.status,
      errorType: entry.errorType,
      errorMessage: entry.errorMessage,
      attributes: parseInboxAttributes(entry.attributes),
      events: (entry.events ?? []).map(({ name, time, attributes }) => ({
        name,
        time: parseNanoString(time) ?? end,
        attributes: parseInboxAttributes(attributes),
      })),
      links: (entry.links ?? []).map(toLink),
      ...(entry.inferred && { inferred: entry.inferred }),
    });
  }

  #toScope(spanId: SpanId = this.#info.rootSpanId): Scope {
    const open = this.#book.get(spanId);
    if (open !== undefined) return open.scope;
    const known = this.#scopes.get(spanId);
    if (known !== undefined) return known;
    // A span that nobody has told of, as an instrumentation of the user's may have: its records still belong to it.
    const scope = this.#recorder.createScope(
      SPAN_ID.test(spanId) ? spanId : toRootSpanId(this.#info.runId),
      undefined,
    );
    this.#keepScope(scope);
    return scope;
  }

  #keepScope(scope: Scope): void {
    if (this.#scopes.size >= MAX_SCOPES) this.#scopes.delete(this.#scopes.keys().next().value!);
    this.#scopes.set(scope.spanId, scope);
  }

  #toUid({ source, offset }: EntryPlace): string {
    return `${toUidPrefix(this.#info.runId, source)}.${offset.toString(36)}`;
  }
}

function toRole(kind: SpanStartEntry['kind']): SpanRole {
  // A run inside a run is a span of it.
  return kind === 'run' ? 'span' : kind;
}

/** Inboxes are written by other programs. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function toLink(link: SpanLinkEntry): Link {
  const { traceId, span: spanId, attributes } = link;
  return {
    context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
    attributes: parseInboxAttributes(attributes) as SpanAttributes,
  };
}

const KILLED = { result: 'error', errorType: 'interrupted' } as const;
