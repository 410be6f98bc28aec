import { randomBytes } from 'node:crypto';
import type { SpanContext } from '@opentelemetry/api';
import type { LogRecordProcessor, SdkLogRecord } from '@opentelemetry/sdk-logs';
import { ATTR, EVENT } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import { encodeString, encodeTime } from '../../otlp/json.ts';
import { toJson } from './attributes.ts';
import { encodeInboxAttributes } from './encode-entry.ts';
import type { Recording } from './recording.ts';
import { tellFault } from './safely.ts';

/** A longer body becomes consecutive records: no more than 128 KiB of UTF-8 each. */
const MAX_BODY_LENGTH = Math.floor((128 * 1024) / 3);

/** Writes the log records of this process into its inbox. */
export class LogEntryProcessor implements LogRecordProcessor {
  readonly #getRecording: () => Recording | undefined;
  /** What is the same for all records of a logger and severity, as JSON. */
  readonly #heads = new Map<object, string[]>();

  constructor(getRecording: () => Recording | undefined) {
    this.#getRecording = getRecording;
  }

  onEmit(record: SdkLogRecord): void {
    const recording = this.#getRecording();
    if (recording === undefined) return;
    try {
      this.#write(record, recording);
    } catch (error) {
      tellFault(error);
    }
  }

  async forceFlush(): Promise<void> {
    this.#getRecording()?.flush();
  }

  async shutdown(): Promise<void> {
    this.#getRecording()?.flush();
  }

  #write(record: SdkLogRecord, recording: Recording): void {
    const span = toSpanId(record.spanContext, recording);
    const body = toBody(record.body);
    if (record.eventName === EVENT.metric) recording.add(encodeMetric(record, span));
    else if (body === undefined || body.length <= MAX_BODY_LENGTH)
      recording.add(this.#encode(record, { span, body }));
    else this.#writeParts(record, { span, body }, recording);
  }

  #writeParts(
    record: SdkLogRecord,
    { span, body }: { span: SpanId; body: string },
    recording: Recording,
  ): void {
    const partId = randomBytes(8).toString('hex');
    let index = 0;
    for (const part of toParts(body)) {
      // Only the first has the attributes: they are of the whole.
      const attributes = { ...(index === 0 && record.attributes), [ATTR.partId]: partId };
      const own = { ...attributes, [ATTR.partIndex]: index };
      recording.add(this.#encode(record, { span, body: part, attributes: own }));
      index += 1;
    }
  }

  #encode(
    record: SdkLogRecord,
    own: { span: SpanId; body: string | undefined; attributes?: Record<string, unknown> },
  ): string {
    let text = `{"type":"log","time":"${encodeTime(record.hrTime)}","span":"${own.span}"${this.#toHead(record)}`;
    if (own.body !== undefined) text += `,"body":${encodeString(own.body)}`;
    if (record.eventName !== undefined) text += `,"event":${encodeString(record.eventName)}`;
    const attributes = encodeInboxAttributes(own.attributes ?? record.attributes);
    return attributes === '{}' ? `${text}}\n` : `${text},"attributes":${attributes}}\n`;
  }

  #toHead(record: SdkLogRecord): string {
    const { instrumentationScope: scope, severityNumber = 0, severityText } = record;
    let heads = this.#heads.get(scope);
    if (heads === undefined) this.#heads.set(scope, (heads = [])); // as many as the SDK has loggers
    const known = heads[severityNumber];
    if (known !== undefined && severityText === SEVERITY_TEXTS[severityNumber]) return known;
    let head = `,"logger":${encodeString(scope.name)}`;
    if (severityNumber !== 0) head += `,"severity":${severityNumber}`;
    if (severityText !== undefined) head += `,"severityText":${encodeString(severityText)}`;
    if (severityText === SEVERITY_TEXTS[severityNumber]) heads[severityNumber] = head;
    return head;
  }
}

/** The words of the levels that {@link Logger} has, by severity number. */
export const SEVERITY_TEXTS: Readonly<Record<number, string>> = {
  1: 'TRACE',
  5: 'DEBUG',
  9: 'INFO',
  13: 'WARN',
  17: 'ERROR',
  21: 'FATAL',
};

/** The span that a record belongs to. One of another trace that isn't ours is a caller's: it isn't in this run. */
function toSpanId(context: SpanContext | undefined, recording: Recording): SpanId {
  if (context === undefined) return recording.base;
  const isOurs = context.traceId === recording.info.traceId;
  return isOurs || recording.openSpans.has(context.spanId) ? context.spanId : recording.base;
}

function toBody(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string' ? body : toJson(body);
}

function encodeMetric({ attributes, hrTime }: SdkLogRecord, span: SpanId): string {
  const value = attributes[ATTR.metricValue] as number;
  const step = attributes[ATTR.metricStep];
  return (
    `{"type":"metric","time":"${encodeTime(hrTime)}","span":"${span}",` +
    `"name":${encodeString(String(attributes[ATTR.metricName]))},` +
    `"value":${Number.isFinite(value) ? value : `"${value}"`}` +
    `${step === undefined ? '' : `,"step":${String(step)}`}}\n`
  );
}

/** A text in pieces, none of which ends with half a surrogate pair. */
function* toParts(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + MAX_BODY_LENGTH, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}
