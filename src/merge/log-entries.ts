import { toRelay } from '../grammars/prefect.ts';
import { ATTR, EVENT } from '../model/attributes.ts';
import { parseInboxAttributes } from '../model/inbox-value.ts';
import type { LogEntry, LogsEntry, MetricEntry } from '../model/inbox.ts';
import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString, toDurationMs } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { EntryPlace } from '../spool/inbox-visitor.ts';
import type { SpanBook } from './course/span-book.ts';
import type { LogDraft, Scope } from './emitter.ts';
import type { Recorder } from './recorder.ts';
import { isSpanId, isTraceId } from './scopes.ts';
import type { Scopes } from './scopes.ts';
import type { HeldRecord } from './seen/shown.ts';
import type { Sightings } from './seen/sightings.ts';
import { toUidPrefix } from './uid.ts';

/** How long a record waits for the line that shows it. */
const MAX_HELD_MS = 5000;
const MAX_HELD = 10_000;

export interface LogEntriesOptions {
  readonly info: RunInfo;
  readonly book: SpanBook;
  readonly recorder: Recorder;
  readonly scopes: Scopes;
  readonly sightings: Sightings;
}

/** Makes records of what the API and the hooks wrote into their inboxes. */
export class LogEntries {
  readonly #options: LogEntriesOptions;
  /** Records that wait for the line that shows them, by their uid. */
  readonly #held = new Map<string, LogDraft>();

  constructor(options: LogEntriesOptions) {
    this.#options = options;
  }

  log(entry: LogEntry, place: EntryPlace): void {
    const draft = this.#toDraft(entry, place);
    if (entry.id === undefined) return this.#record(draft);
    const { sightings } = this.#options;
    const { source } = place;
    const { logger } = draft;
    const repeated = sightings.takeRepeated(source, draft.body ?? '', draft.observed);
    if (repeated !== undefined) {
      sightings.file.add(repeated.uid, { logger });
      sightings.addRecord(source, entry.id, { record: repeated, held: undefined });
      return;
    }
    const uid = String(draft.attributes[ATTR.uid]);
    const held = toRelay(logger) === undefined ? undefined : this.#hold(uid, draft);
    sightings.addRecord(source, entry.id, {
      record: { uid, logger, source, body: toShort(draft.body) },
      held,
    });
    if (held === undefined) this.#record(draft);
  }

  logs(entry: LogsEntry, place: EntryPlace): void {
    const { logger = 'stagelight', severity, severityText } = entry;
    const bodies = toText(entry.bodies);
    const scope = this.#options.scopes.find(entry.span);
    const seconds = parseNanoString(entry.time)?.[0] ?? 0;
    const nanos = Buffer.from(toText(entry.nanos), 'base64');
    const lengths = Buffer.from(toText(entry.lengths), 'base64');
    const count = Math.min(nanos.length >> 2, lengths.length >> 1);
    for (let index = 0, start = 0; index < count; index += 1) {
      const time: UnixTime = [seconds, nanos.readUInt32LE(4 * index)];
      const body = bodies.slice(start, (start += lengths.readUInt16LE(2 * index)));
      // Each takes more than a byte of the entry, so the place is no other record's.
      const uid = this.#toUid({ ...place, offset: place.offset + index });
      this.#options.recorder.log({
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

  metric(entry: MetricEntry, place: EntryPlace): void {
    const time = parseNanoString(entry.time) ?? [0, 0];
    this.#options.recorder.event({
      scope: this.#options.scopes.find(entry.span),
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

  /** The consoles have been read up to `time`: what waits for a line that hasn't come waits no longer. */
  settle(time: UnixTime): void {
    for (const [uid, draft] of this.#held) {
      const isOld = toDurationMs(draft.observed, time) > MAX_HELD_MS;
      if (!isOld && this.#held.size <= MAX_HELD) return;
      this.#held.delete(uid);
      this.#record(draft);
    }
  }

  /** Records what still waits: nothing more comes. */
  finish(): void {
    for (const draft of this.#held.values()) this.#record(draft);
    this.#held.clear();
  }

  /** A message that may be a line of another program: what it says is better read where it stands, among the others. */
  #hold(uid: string, draft: LogDraft): HeldRecord {
    this.#held.set(uid, draft);
    const { [ATTR.uid]: _, ...attributes } = draft.attributes;
    const span = draft.scope.spanId;
    return { attributes, span, settle: () => this.#held.delete(uid) };
  }

  #toDraft(entry: LogEntry, place: EntryPlace): LogDraft {
    const time = parseNanoString(entry.time) ?? [0, 0];
    const told = parseInboxAttributes(entry.attributes);
    return {
      scope: this.#toScope(entry, place),
      logger: entry.logger ?? 'stagelight',
      time,
      observed: time,
      severity: entry.severity,
      severityText: entry.severityText,
      eventName: entry.event,
      body: entry.body,
      attributes: { ...told, [ATTR.uid]: this.#toUid(place) },
      raw: undefined,
    };
  }

  #toScope({ trace, span }: LogEntry, { source }: EntryPlace): Scope {
    const { scopes, sightings } = this.#options;
    return isTraceId(trace) && isSpanId(span)
      ? scopes.findForeign(trace, span)
      : scopes.find(span, sightings.stageOf(source));
  }

  #record(draft: LogDraft): void {
    const { scope, time, observed, attributes } = draft;
    this.#options.recorder.log(draft);
    // What DVC raises about a stage is no exception of the run's: the stage has its own.
    if (attributes[ATTR.exceptionType] === undefined || draft.logger.startsWith('dvc.')) return;
    const { [ATTR.uid]: _, ...told } = attributes;
    this.#options.book.noteException(scope.spanId, { time: time ?? observed, attributes: told });
  }

  #toUid({ source, offset }: EntryPlace): string {
    return `${toUidPrefix(this.#options.info.runId, source)}.${offset.toString(36)}`;
  }
}

/** Thousands of these are kept. */
function toShort(body: string | undefined): string {
  return body !== undefined && body.length < 1000 ? body : '';
}

/** Inboxes are written by other programs. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
