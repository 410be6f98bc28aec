import type { ConsoleEvent } from '../../grammars/grammar.ts';
import { ATTR, EVENT } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { MASK, PrivateKeyFollower } from '../../model/secrets.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Zone } from '../../model/zone.ts';
import type { StreamRecord } from '../console/stream-reader.ts';
import type { Scope } from '../emitter.ts';
import type { Recorder } from '../recorder.ts';
import { toStreamUidPrefix } from '../uid.ts';
import type { SpanBook } from './span-book.ts';

export type StreamName = 'stdout' | 'stderr' | 'both';

export interface ConsoleRecordsOptions {
  readonly stream: StreamName;
  readonly recorder: Recorder;
  readonly book: SpanBook;
  readonly zone: Zone;
  /** What tells this output's records from those of any other source in the run: the beginning of their uids. */
  readonly uidPrefix: string;
}

/** Plain lines name no logger. */
const PLAIN = 'console';

/** Makes log records of what one stream's lines turned out to be. */
export class ConsoleRecords {
  readonly #options: ConsoleRecordsOptions;
  readonly #uidPrefix: string;
  readonly #keys = new PrivateKeyFollower();
  /** Scopes whose records also carry the stream's name. */
  readonly #scopes = new WeakMap<Scope, Scope>();

  constructor(options: ConsoleRecordsOptions) {
    this.#options = options;
    this.#uidPrefix = toStreamUidPrefix(options.uidPrefix, options.stream);
  }

  get stream(): StreamName {
    return this.#options.stream;
  }

  /** The uid of what stands at a place in the stream. */
  toUid(offset: number): string {
    return this.#uidPrefix + offset.toString(36);
  }

  add(record: StreamRecord<Scope>): void {
    const { line, scope } = record;
    if (this.#keys.isInside(line.raw)) return this.#addHidden(record);
    const { recorder, zone } = this.#options;
    const { reading } = record;
    const time = reading?.stamp === undefined ? undefined : zone.read(reading.stamp, line.time);
    const attributes = this.#toAttributes(record);
    recorder.log({
      scope: this.#withStream(scope),
      logger: reading?.logger ?? record.tool ?? PLAIN,
      time,
      observed: line.time,
      severity: reading?.severity,
      severityText: reading?.severityText,
      eventName: reading?.event?.type === 'progress' ? EVENT.progress : undefined,
      body: reading === undefined ? line.text : reading.body,
      attributes,
      // Without its colours a text may be a secret that it isn't with them; and what was told isn't in it.
      raw: line.raw.includes('\x1b') || line.told !== undefined ? undefined : line.raw,
    });
    if (reading?.attributes?.[ATTR.exceptionType] !== undefined) {
      this.#noteException(scope, { time: time ?? line.time, attributes });
    }
  }

  /** A line inside a private key: nothing of it may be kept. */
  #addHidden({ line, scope }: StreamRecord<Scope>): void {
    this.#options.recorder.log({
      scope: this.#withStream(scope),
      logger: PLAIN,
      time: undefined,
      observed: line.time,
      severity: undefined,
      severityText: undefined,
      eventName: undefined,
      body: MASK,
      attributes: { [ATTR.uid]: this.toUid(line.offset) },
      raw: undefined,
    });
  }

  #withStream(scope: Scope): Scope {
    const { stream, recorder } = this.#options;
    if (stream === 'both') return scope;
    let own = this.#scopes.get(scope);
    if (own === undefined) {
      own = recorder.createScope(scope.spanId, scope.stage, {
        ...scope.attributes,
        [ATTR.iostream]: stream,
      });
      this.#scopes.set(scope, own);
    }
    return own;
  }

  #toAttributes({ line, reading, part, frames }: StreamRecord<Scope>): Attributes {
    const attributes: Attributes = { [ATTR.uid]: this.toUid(line.offset) };
    const body = reading === undefined ? line.text : reading.body;
    if (line.bytes !== undefined) attributes[ATTR.original] = line.bytes;
    else if (line.raw !== body) attributes[ATTR.original] = line.raw;
    if (line.isCut) attributes[ATTR.inferred] = ['end'];
    if (part !== undefined) {
      attributes[ATTR.partId] = this.toUid(part.of);
      attributes[ATTR.partIndex] = part.index;
    }
    if (reading?.attributes !== undefined) addOwn(attributes, reading.attributes);
    if (line.told?.attributes !== undefined) addOwn(attributes, line.told.attributes);
    if (reading?.event?.type === 'progress')
      addOwn(attributes, toProgressAttributes(reading.event, frames));
    return attributes;
  }

  #noteException(scope: Scope, exception: { time: UnixTime; attributes: Attributes }): void {
    const attributes: Attributes = {};
    for (const name of EXCEPTION) {
      const value = exception.attributes[name];
      if (value !== undefined) attributes[name] = value;
    }
    this.#options.book.noteException(scope.spanId, { time: exception.time, attributes });
  }
}

const EXCEPTION = [ATTR.exceptionType, ATTR.exceptionMessage, ATTR.exceptionStacktrace];

/** Adds what isn't there: a line can name its fields as it likes, but none of ours. */
function addOwn(attributes: Attributes, more: Attributes): void {
  for (const name in more) {
    if (!(name in attributes) && !RESERVED.has(name)) attributes[name] = more[name]!;
  }
}

/** What the run itself says of a record. */
const RESERVED: ReadonlySet<string> = new Set([
  ATTR.iostream,
  ATTR.taskName,
  ATTR.trialNumber,
  ATTR.pipelineRunId,
]);

function toProgressAttributes(
  { progress }: Extract<ConsoleEvent, { type: 'progress' }>,
  frames: number | undefined,
): Attributes {
  const attributes: Attributes = {
    [ATTR.progressName]: progress.name,
    [ATTR.progressFrames]: frames ?? 1,
  };
  if (progress.current !== undefined) attributes[ATTR.progressCurrent] = progress.current;
  if (progress.total !== undefined) attributes[ATTR.progressTotal] = progress.total;
  if (progress.unit !== undefined) attributes[ATTR.progressUnit] = progress.unit;
  return attributes;
}
