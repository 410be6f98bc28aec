import type { Context } from '@opentelemetry/api';
import type { LogRecordProcessor, SdkLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { ATTR, EVENT, SCHEMA_URL } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { TextFormat } from '../model/text-format.ts';
import { encodeLogRecord } from '../otlp/encode-log.ts';
import { encodeSpan } from '../otlp/encode-span.ts';
import { encodeAttributes, encodeString } from '../otlp/json.ts';
import { AppendFile } from '../spool/append-file.ts';
import { EnvelopeWriter } from '../spool/envelope-writer.ts';
import type { EnvelopeShape } from '../spool/envelope-writer.ts';
import { SCOPE_ATTRIBUTES } from './emitter.ts';

/** A processor that writes a file of the run directory; what it was given is on disk after `flush`. */
export interface FileProcessor {
  /** @throws the file system's error; what was collected is kept for the next try. */
  flush(): void;
  close(): void;
}

/** What every envelope of a run begins and ends with. */
export function toEnvelopeShape(signal: 'Logs' | 'Spans', resource: Attributes): EnvelopeShape {
  const attributes = encodeAttributes(resource);
  return {
    head: `{"resource${signal}":[{"resource":{"attributes":[${attributes}]},"schemaUrl":${encodeString(SCHEMA_URL)},"scope${signal}":[`,
    itemsKey: signal === 'Logs' ? 'logRecords' : 'spans',
    tail: ']}]}',
  };
}

/** Writes log records to `logs.jsonl`. */
export class LogFile implements LogRecordProcessor, FileProcessor {
  readonly #writer: EnvelopeWriter;
  readonly #scopes = new Map<string, string>();
  /** The attributes of the scopes in use, as JSON with a comma before each. */
  readonly #shared = new WeakMap<object, string>();

  constructor(path: string, resource: Attributes) {
    this.#writer = new EnvelopeWriter(path, toEnvelopeShape('Logs', resource));
  }

  onEmit(record: SdkLogRecord, context?: Context): void {
    const shared = context?.getValue(SCOPE_ATTRIBUTES) as Attributes | undefined;
    const item = encodeLogRecord(record, shared === undefined ? '' : this.#encodeShared(shared));
    this.#writer.add(this.#encodeScope(record.instrumentationScope.name), item);
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

  #encodeShared(shared: Attributes): string {
    let text = this.#shared.get(shared);
    if (text === undefined) {
      const attributes = encodeAttributes(shared);
      // Every record has attributes of its own before these, its uid at least.
      text = attributes === '' ? '' : `,${attributes}`;
      this.#shared.set(shared, text);
    }
    return text;
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

/** Events that are for machines, or that a line of the output tells as well: not in the text. */
const WITHOUT_TEXT: ReadonlySet<string> = new Set([
  EVENT.heartbeat,
  EVENT.metric,
  EVENT.stageStart,
  EVENT.trialStart,
]);
const MAX_TEXT_LENGTH = 256 * 1024;

/** Writes the records that the configuration shows to `run.log`, in its format. */
export class TextFile implements LogRecordProcessor, FileProcessor {
  readonly #file: AppendFile;
  readonly #format: TextFormat;
  readonly #minimumSeverity: number;
  readonly #runId: string;
  #text = '';

  constructor(
    path: string,
    options: { format: TextFormat; minimumSeverity: number; runId: string },
  ) {
    this.#file = new AppendFile(path);
    this.#format = options.format;
    this.#minimumSeverity = options.minimumSeverity;
    this.#runId = options.runId;
  }

  onEmit(record: SdkLogRecord, context?: Context): void {
    const severity = record.severityNumber ?? 0;
    if (severity > 0 && severity < this.#minimumSeverity) return;
    if (record.eventName !== undefined && WITHOUT_TEXT.has(record.eventName)) return;
    const shared = context?.getValue(SCOPE_ATTRIBUTES) as Attributes | undefined;
    this.#text += `${this.#format({
      time: record.hrTime[0] === 0 ? record.hrTimeObserved : record.hrTime,
      severity,
      severityText: record.severityText,
      logger: record.instrumentationScope.name,
      body: toTextBody(record),
      runId: this.#runId,
      stage: shared?.[ATTR.taskName] as string | undefined,
      attribute: (name) => record.attributes[name] ?? shared?.[name],
    })}\n`;
    if (this.#text.length > MAX_TEXT_LENGTH) this.#tryFlush();
  }

  flush(): void {
    if (this.#text === '') return;
    this.#file.append(Buffer.from(this.#text));
    this.#text = '';
  }

  #tryFlush(): void {
    try {
      this.flush();
    } catch {
      // Told by the next flush.
    }
  }

  close(): void {
    this.#file.close();
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** The message, and the stack trace behind it where the message isn't the trace itself. */
function toTextBody(record: SdkLogRecord): string {
  const body = typeof record.body === 'string' ? record.body : '';
  const stack = record.attributes[ATTR.exceptionStacktrace];
  return typeof stack === 'string' && !body.includes(stack) ? `${body}\n${stack}` : body;
}
