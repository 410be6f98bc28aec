import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import type { LogRecordProcessor, SdkLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { ATTR, SCHEMA_URL } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import { isEventWithoutText, toShownBody } from '../model/shown-text.ts';
import type { TextFormat, TextRecord } from '../model/text-format.ts';
import type { UnixTime } from '../model/time.ts';
import { encodeLogHead, encodeLogTail } from '../otlp/encode-log.ts';
import { encodeSpan } from '../otlp/encode-span.ts';
import { encodeAttributes, encodeString } from '../otlp/json.ts';
import { BufferedFile } from '../spool/buffered-file.ts';
import { EnvelopeWriter } from '../spool/envelope-writer.ts';
import type { EnvelopeShape } from '../spool/envelope-writer.ts';
import { SCOPE_ATTRIBUTES } from './emitter.ts';

/** A processor that writes a file of the run directory; what it was given is on disk after `flush`. */
export interface FileProcessor {
  /** @throws the file system's error; what was collected is kept for the next try. */
  flush(): void;
  close(): void;
}

const ITEMS = { Logs: 'logRecords', Spans: 'spans', Metrics: 'metrics' } as const;

/** What every envelope of a run begins and ends with. */
export function toEnvelopeShape(
  signal: 'Logs' | 'Spans' | 'Metrics',
  resource: Attributes,
): EnvelopeShape {
  const attributes = encodeAttributes(resource);
  return {
    head: `{"resource${signal}":[{"resource":{"attributes":[${attributes}]},"schemaUrl":${encodeString(SCHEMA_URL)},"scope${signal}":[`,
    itemsKey: ITEMS[signal],
    tail: ']}]}',
  };
}

/** Writes log records to `logs.jsonl`. */
export class LogFile implements LogRecordProcessor, FileProcessor {
  readonly #writer: EnvelopeWriter;
  readonly #scopes = new Map<string, string>();
  /** How the records of a context end. A scope has one context, so this is encoded once for thousands of lines. */
  readonly #tails = new WeakMap<Context, string>();

  constructor(path: string, resource: Attributes) {
    this.#writer = new EnvelopeWriter(path, toEnvelopeShape('Logs', resource));
  }

  onEmit(record: SdkLogRecord, context: Context = ROOT_CONTEXT): void {
    const tail = this.#tails.get(context) ?? this.#encodeTail(record, context);
    const scope = this.#encodeScope(record.instrumentationScope.name);
    this.#writer.add(scope, encodeLogHead(record) + tail);
  }

  flush(): void {
    this.#writer.flush();
  }

  close(): void {
    this.#writer.close();
  }

  // The provider's own calls; the merge flushes when it means to.
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}

  #encodeTail(record: SdkLogRecord, context: Context): string {
    const shared = (context.getValue(SCOPE_ATTRIBUTES) ?? {}) as Attributes;
    const tail = encodeLogTail(shared, record.spanContext);
    this.#tails.set(context, tail);
    return tail;
  }

  #encodeScope(name: string): string {
    let text = this.#scopes.get(name);
    if (text === undefined) {
      text = `{"name":${encodeString(name)}}`;
      this.#scopes.set(name, text); // bounded by the emitter's bound on loggers
    }
    return text;
  }
}

/** Writes spans to `traces.jsonl`. */
export class TraceFile implements SpanProcessor, FileProcessor {
  readonly #writer: EnvelopeWriter;

  constructor(path: string, resource: Attributes) {
    this.#writer = new EnvelopeWriter(path, toEnvelopeShape('Spans', resource));
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    this.#writer.add(`{"name":${encodeString(span.instrumentationScope.name)}}`, encodeSpan(span));
  }

  flush(): void {
    this.#writer.flush();
  }

  close(): void {
    this.#writer.close();
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

const TEXT_BUFFER_BYTES = 256 * 1024;

/** Writes the records that the configuration shows to `run.log`, in its format. */
export class TextFile implements LogRecordProcessor, FileProcessor {
  readonly #file: BufferedFile;
  readonly #format: TextFormat;
  readonly #minimumSeverity: number;
  readonly #view: TextView;

  constructor(
    path: string,
    options: { format: TextFormat; minimumSeverity: number; runId: string },
  ) {
    this.#file = new BufferedFile(path, TEXT_BUFFER_BYTES);
    this.#format = options.format;
    this.#minimumSeverity = options.minimumSeverity;
    this.#view = new TextView(options.runId);
  }

  onEmit(record: SdkLogRecord, context: Context = ROOT_CONTEXT): void {
    const severity = record.severityNumber ?? 0;
    if (severity > 0 && severity < this.#minimumSeverity) return;
    if (isEventWithoutText(record.eventName)) return;
    this.#view.show(record, context);
    this.#file.add(`${this.#format(this.#view)}\n`);
  }

  flush(): void {
    this.#file.flush();
  }

  close(): void {
    this.#file.close();
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** A log record as text formats see it. One for all records of a file: the next is shown when the last is written. */
class TextView implements TextRecord {
  readonly runId: string;
  #record: SdkLogRecord | undefined;
  #shared: Attributes = {};

  constructor(runId: string) {
    this.runId = runId;
  }

  show(record: SdkLogRecord, context: Context): void {
    this.#record = record;
    this.#shared = (context.getValue(SCOPE_ATTRIBUTES) ?? {}) as Attributes;
  }

  get time(): UnixTime {
    const { hrTime, hrTimeObserved } = this.#record!;
    return hrTime[0] === 0 ? hrTimeObserved : hrTime;
  }

  get severity(): number {
    return this.#record!.severityNumber ?? 0;
  }

  get severityText(): string | undefined {
    return this.#record!.severityText;
  }

  get logger(): string {
    return this.#record!.instrumentationScope.name;
  }

  get stage(): string | undefined {
    return this.#shared[ATTR.taskName] as string | undefined;
  }

  get body(): string {
    const { body, attributes } = this.#record!;
    return toShownBody(typeof body === 'string' ? body : '', attributes[ATTR.exceptionStacktrace]);
  }

  attribute(name: string): unknown {
    return this.#record!.attributes[name] ?? this.#shared[name];
  }
}
