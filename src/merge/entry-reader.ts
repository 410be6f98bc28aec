import { ATTR, EVENT } from '../model/attributes.ts';
import { toRootSpanId } from '../model/ids.ts';
import type { SpanId } from '../model/ids.ts';
import type {
  InboxEntry,
  LogEntry,
  MetricEntry,
  SpanEndEntry,
  SpanStartEntry,
} from '../model/inbox.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString } from '../model/time.ts';
import type { EntryPlace } from '../spool/inbox-reader.ts';
import type { SpanBook, SpanRole } from './course/span-book.ts';
import type { Scope } from './emitter.ts';
import type { FaultLog } from './fault-log.ts';
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

  constructor(options: { info: RunInfo; book: SpanBook; recorder: Recorder; faults: FaultLog }) {
    this.#info = options.info;
    this.#book = options.book;
    this.#recorder = options.recorder;
    this.#faults = options.faults;
  }

  take(entry: InboxEntry, place: EntryPlace): void {
    switch (entry.type) {
      case 'log':
        return this.#log(entry, place);
      case 'metric':
        return this.#metric(entry, place);
      case 'span-start':
        return this.#start(entry);
      case 'span-end':
        return this.#end(entry);
      case 'fault':
        this.#faults.add(entry);
        this.#recorder.counter.dropped += entry.count ?? 0;
        return;
      default:
    }
  }

  #log(entry: LogEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time) ?? [0, 0];
    const scope = this.#toScope(entry.span);
    const attributes: Attributes = { ...entry.attributes, [ATTR.uid]: this.#toUid(place) };
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
    });
    if (attributes[ATTR.exceptionType] !== undefined)
      this.#book.noteException(scope.spanId, { time, attributes: entry.attributes ?? {} });
  }

  #metric(entry: MetricEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time) ?? [0, 0];
    this.#recorder.log({
      scope: this.#toScope(entry.span),
      logger: 'stagelight',
      time,
      observed: time,
      eventName: EVENT.metric,
      body: `${entry.name} = ${entry.value}`,
      attributes: {
        [ATTR.metricName]: entry.name,
        [ATTR.metricValue]: Number(entry.value),
        ...(entry.step !== undefined && { [ATTR.metricStep]: entry.step }),
        [ATTR.uid]: this.#toUid(place),
      },
    });
  }

  #start(entry: SpanStartEntry): void {
    const start = parseNanoString(entry.time);
    if (start === undefined || !SPAN_ID.test(entry.span)) return;
    const parent =
      entry.parent !== undefined && SPAN_ID.test(entry.parent)
        ? entry.parent
        : this.#info.rootSpanId;
    const number = entry.attributes?.[ATTR.trialNumber];
    const span = this.#book.open({
      spanId: entry.span,
      parent,
      role: toRole(entry.kind),
      name: entry.name,
      start,
      stage: entry.kind === 'stage' ? entry.name : undefined,
      ...(entry.attributes && { attributes: entry.attributes }),
      ...(entry.kind === 'trial' &&
        number !== undefined && { recordAttributes: { [ATTR.trialNumber]: number } }),
    });
    this.#keepScope(span.scope);
  }

  #end(entry: SpanEndEntry): void {
    const span = this.#book.get(entry.span);
    const end = parseNanoString(entry.time);
    if (span === undefined || end === undefined) return;
    this.#book.close(span, {
      end,
      ...(entry.result !== undefined && { result: entry.result }),
      ...(entry.state !== undefined && { trialState: entry.state }),
      errorType: entry.errorType,
      errorMessage: entry.errorMessage,
      ...(entry.attributes && { attributes: entry.attributes }),
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
