import { ATTR } from '../model/attributes.ts';
import type {
  HydraJobEntry,
  InboxEntry,
  MlflowEntry,
  SpanEndEntry,
  SpanStartEntry,
} from '../model/inbox.ts';
import { parseInboxAttributes } from '../model/inbox-value.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { Result } from '../model/pipeline.ts';
import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString } from '../model/time.ts';
import { toMlflowAttributes } from '../model/mlflow-page.ts';
import { toAbsoluteUri } from '../model/tracking-uri.ts';
import type { UnixTime } from '../model/time.ts';
import type { FaultLog } from '../spool/fault-log.ts';
import type { EntryPlace } from '../spool/inbox-visitor.ts';
import type { OpenSpan, SpanBook, SpanEnd, SpanRole } from './course/span-book.ts';
import { toJobAttributes } from './hydra/job.ts';
import { LogEntries } from './log-entries.ts';
import type { MetricsFile } from './metrics-file.ts';
import { ReceivedEntries } from './received-entries.ts';
import type { Recorder } from './recorder.ts';
import { isSpanId } from './scopes.ts';
import type { Scopes } from './scopes.ts';
import type { Sightings } from './seen/sightings.ts';
import { SharedStudies } from './shared-studies.ts';
import { toEvents, toLinks } from './span-parts.ts';

const MAX_TRACKING_URIS = 10;

/** Makes spans and records of what the API and the hooks wrote into their inboxes. */
export class EntryReader {
  readonly #info: RunInfo;
  readonly #trackingUris = new Set<string>();
  readonly #book: SpanBook;
  readonly #recorder: Recorder;
  readonly #faults: FaultLog;
  readonly #sightings: Sightings;
  readonly #scopes: Scopes;
  readonly #logs: LogEntries;
  readonly #received: ReceivedEntries;
  readonly #studies: SharedStudies;
  /** Spans that are open, and the inbox that told of each. */
  readonly #open = new Map<OpenSpan, string>();
  /** Trials that a process had asked for when it ended: another one may tell how they end. */
  readonly #left = new Map<OpenSpan, SpanEnd>();
  /** The last sign of life from each inbox. */
  readonly #lastTimes = new Map<string, UnixTime>();

  /** How the flow run has ended that a Prefect worker started this run for. */
  flowEnd: (Pick<SpanEnd, 'errorType' | 'errorMessage'> & { result?: Result }) | undefined;

  constructor(options: {
    info: RunInfo;
    book: SpanBook;
    recorder: Recorder;
    faults: FaultLog;
    sightings: Sightings;
    scopes: Scopes;
    metrics: MetricsFile;
  }) {
    this.#info = options.info;
    this.#sightings = options.sightings;
    this.#book = options.book;
    this.#recorder = options.recorder;
    this.#faults = options.faults;
    this.#scopes = options.scopes;
    this.#logs = new LogEntries(options);
    this.#received = new ReceivedEntries(options);
    this.#studies = new SharedStudies(options.book);
  }

  take(entry: InboxEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time);
    if (time !== undefined) this.#lastTimes.set(place.source, time);
    switch (entry.type) {
      case 'log':
        return this.#logs.log(entry, place);
      case 'logs':
        return this.#logs.logs(entry, place);
      case 'metric':
        return this.#logs.metric(entry, place);
      case 'span-start':
        return this.#start(entry, place);
      case 'span-end':
        return this.#end(entry);
      case 'span':
        return this.#received.span(entry);
      case 'otlp-metric':
        return this.#received.metric(entry);
      case 'mlflow':
        return this.#noteMlflow(entry);
      case 'hydra-job':
        return this.#noteHydra(entry);
      case 'hook':
        return this.#sightings.addProcess(place.source, entry);
      case 'shown':
        return this.#sightings.addShown(place.source, entry);
      case 'fault':
        this.#faults.add(entry);
        this.#recorder.counter.dropped += entry.count ?? 0;
        return;
      default:
    }
  }

  /** Where programs keep their MLflow runs, and the first of those that are made in a span. */
  #noteMlflow(entry: MlflowEntry): void {
    const uri = toAbsoluteUri(entry.uri, entry.cwd);
    this.#noteTrackingUri(uri);
    const span = isSpanId(entry.span) ? entry.span : this.#info.rootSpanId;
    // What is said of one run stays together.
    const isFirst = !this.#book.hasAttribute(span, ATTR.mlflowRunId);
    this.#book.annotate(span, {
      [ATTR.mlflowTrackingUri]: uri,
      ...(isFirst && toMlflowAttributes(uri, { runId: entry.run, experimentId: entry.experiment })),
    });
  }

  #noteTrackingUri(uri: string): void {
    if (this.#trackingUris.size < MAX_TRACKING_URIS) this.#trackingUris.add(uri);
    const root = this.#book.get(this.#info.rootSpanId);
    if (root === undefined || this.#trackingUris.size < 2) return;
    root.attributes[ATTR.mlflowTrackingUris] = [...this.#trackingUris];
  }

  #noteHydra(entry: HydraJobEntry): void {
    const span = isSpanId(entry.span) ? entry.span : this.#info.rootSpanId;
    this.#book.annotate(span, toJobAttributes(entry));
  }

  /** The consoles have been read up to `time`. */
  settle(time: UnixTime): void {
    this.#logs.settle(time);
    for (const study of this.#studies.settle()) this.#open.delete(study);
  }

  /** Ends what is still open: the process that began it was killed, for it ends its spans when it ends. */
  finish(how: SpanEnd): void {
    this.#logs.finish();
    for (const study of this.#studies.settle(true)) this.#open.delete(study);
    for (const [trial, end] of this.#left) {
      this.#open.delete(trial);
      this.#book.close(trial, end);
    }
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

  #start(entry: SpanStartEntry, place: EntryPlace): void {
    const start = parseNanoString(entry.time);
    if (start === undefined || !isSpanId(entry.span)) return;
    const parent = isSpanId(entry.parent) ? entry.parent : this.#info.rootSpanId;
    const around = this.#scopes.known(parent);
    const told = parseInboxAttributes(entry.attributes);
    const program = entry.kind === 'command' ? toProgram(entry, told) : undefined;
    const attributes = program === undefined ? told : { [ATTR.executableName]: program, ...told };
    // What is inside a trial is that trial's.
    const number =
      (entry.kind === 'trial' ? attributes : around?.attributes)?.[ATTR.trialNumber] ?? undefined;
    const span = this.#book.open({
      spanId: entry.span,
      parent,
      role: toRole(entry.kind),
      name: program ?? entry.name,
      kind: entry.spanKind,
      tracer: entry.scope,
      start,
      stage: entry.kind === 'stage' ? entry.name : around?.stage,
      attributes,
      ...(number !== undefined && { recordAttributes: { [ATTR.trialNumber]: number } }),
    });
    this.#open.set(span, place.source);
    this.#scopes.keep(span.scope);
  }

  /** Prefect's engine exits with 0 whatever becomes of the flow run that it was started for: the run is as that was. */
  #noteFlow({ attributes }: OpenSpan, { result, errorType, errorMessage }: SpanEndEntry): void {
    const { flowRunId } = this.#info;
    if (flowRunId === undefined || attributes[ATTR.prefectFlowRunId] !== flowRunId) return;
    this.flowEnd = { ...(result !== undefined && { result }), errorType, errorMessage };
  }

  #end(entry: SpanEndEntry): void {
    const span = this.#book.get(entry.span);
    const end = parseNanoString(entry.time);
    if (span === undefined || end === undefined) return;
    if (span.role === 'flow') this.#noteFlow(span, entry);
    const isLeft = entry.state === 'RUNNING';
    if (span.role === 'trial' && !isLeft) this.#studies.noteTrial(span, end);
    const how: SpanEnd = {
      end,
      name: entry.name,
      ...(entry.result !== undefined && { result: entry.result }),
      ...(entry.state !== undefined && { trialState: entry.state }),
      status: entry.status,
      errorType: entry.errorType,
      errorMessage: entry.errorMessage,
      attributes: parseInboxAttributes(entry.attributes),
      events: toEvents(entry.events, end),
      links: toLinks(entry.links),
      ...(entry.inferred && { inferred: entry.inferred }),
    };
    if (this.#studies.hold(span, how)) return;
    if (isLeft) return void this.#left.set(span, { ...how, inferred: ['end_time'] });
    this.#left.delete(span);
    this.#open.delete(span);
    this.#book.close(span, how);
  }
}

/** A command of a shell's is called by its program. */
function toProgram({ name }: SpanStartEntry, attributes: Attributes): string {
  if (name !== '') return name;
  const words = String(attributes[ATTR.commandLine] ?? '')
    .trim()
    .split(/\s+/);
  const program = words.find((word) => !/^\w+=/.test(word)) ?? '';
  return program.slice(program.lastIndexOf('/') + 1) || 'sh';
}

function toRole(kind: SpanStartEntry['kind']): SpanRole {
  // A run inside a run is a span of it.
  return kind === 'run' ? 'span' : kind;
}

const KILLED = { result: 'error', errorType: 'interrupted' } as const;
