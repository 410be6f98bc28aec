import { randomBytes } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import type { LogRecordProcessor, SdkLogRecord } from '@opentelemetry/sdk-logs';
import { ATTR, EVENT } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import { encodeString, encodeTime } from '../../otlp/json.ts';
import { toJson } from './attributes.ts';
import { encodeInboxAttributes, encodeName } from './encode-entry.ts';
import { MAX_BODY_LENGTH, toParts } from './long-text.ts';
import { getLogSpanId, getOwnSpan } from './own-context.ts';
import type { Recording } from './recording.ts';
import { tellFault } from './safely.ts';

/** Writes the log records of this process into its inbox. */
export class LogEntryProcessor implements LogRecordProcessor {
  readonly #getRecording: () => Recording | undefined;
  #last = NO_HEAD;

  constructor(getRecording: () => Recording | undefined) {
    this.#getRecording = getRecording;
  }

  onEmit(record: SdkLogRecord, context?: Context): void {
    const recording = this.#getRecording();
    if (recording === undefined) return;
    try {
      this.#write(record, getLogSpanId(context) ?? toSpanId(context, recording), recording);
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

  #write(record: SdkLogRecord, span: SpanId, recording: Recording): void {
    const head = this.#toHead(record, span);
    const { body, eventName } = record;
    const isText = typeof body === 'string' && body.length <= MAX_BODY_LENGTH;
    if (isText && eventName === undefined && !hasKeys(record.attributes))
      recording.addText(head, record.hrTime, body);
    else if (eventName === EVENT.metric) recording.add(encodeMetric(record, head));
    else for (const entry of encodeLog(record, head)) recording.add(entry);
  }

  /** What the entry says of the record's place and severity. */
  #toHead(record: SdkLogRecord, span: SpanId): string {
    const { instrumentationScope: scope, severityNumber, severityText } = record;
    const last = this.#last;
    if (
      span === last.span &&
      severityNumber === last.severityNumber &&
      severityText === last.severityText &&
      scope === last.scope
    )
      return last.head;
    let head = `{"span":"${span}","logger":${encodeName(scope.name)}`;
    if (severityNumber !== undefined) head += `,"severity":${severityNumber}`;
    if (severityText !== undefined) head += `,"severityText":${encodeName(severityText)}`;
    this.#last = { span, severityNumber, severityText, scope, head };
    return head;
  }
}

/** What is the same for consecutive records. */
interface Head {
  readonly span: SpanId | undefined;
  readonly severityNumber: number | undefined;
  readonly severityText: string | undefined;
  readonly scope: object | undefined;
  readonly head: string;
}

const NO_HEAD: Head = {
  span: undefined,
  severityNumber: undefined,
  severityText: undefined,
  scope: undefined,
  head: '',
};

function hasKeys(attributes: object): boolean {
  for (const _key in attributes) return true;
  return false;
}

/** A record as entries: several where its body is too long for one. */
function* encodeLog(record: SdkLogRecord, head: string): Generator<string> {
  const { eventName, attributes } = record;
  const event = eventName === undefined ? '' : `,"event":${encodeName(eventName)}`;
  const start = `${head},"type":"log","time":"${encodeTime(record.hrTime)}"${event}`;
  const body = toBody(record.body);
  if (body === undefined || body.length <= MAX_BODY_LENGTH) {
    yield `${start}${encodeContent(body, attributes)}}\n`;
    return;
  }
  const partId = randomBytes(8).toString('hex');
  let index = 0;
  for (const part of toParts(body)) {
    // Only the first has the attributes: they are of the whole.
    const own = { ...(index === 0 && attributes), [ATTR.partId]: partId, [ATTR.partIndex]: index };
    yield `${start}${encodeContent(part, own)}}\n`;
    index += 1;
  }
}

function encodeContent(
  body: string | undefined,
  attributes: Readonly<Record<string, unknown>>,
): string {
  const text = body === undefined ? '' : `,"body":${encodeString(body)}`;
  return hasKeys(attributes) ? `${text},"attributes":${encodeInboxAttributes(attributes)}` : text;
}

/**
 * The span that a record of another logger belongs to: the active one, if it is of this run. A caller's, or one of the
 * program's own tracer provider, is not.
 */
function toSpanId(active: Context | undefined, recording: Recording): SpanId {
  const spanId = active && trace.getSpanContext(active)?.spanId;
  if (spanId !== undefined && recording.openSpans.has(spanId)) return spanId;
  return (active && getOwnSpan(active)?.spanContext().spanId) ?? recording.base;
}

function toBody(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string' ? body : toJson(body);
}

function encodeMetric({ attributes, hrTime }: SdkLogRecord, head: string): string {
  const value = attributes[ATTR.metricValue] as number;
  const step = attributes[ATTR.metricStep];
  return (
    `${head},"type":"metric","time":"${encodeTime(hrTime)}",` +
    `"name":${encodeName(String(attributes[ATTR.metricName]))},` +
    `"value":${Number.isFinite(value) ? value : `"${value}"`}` +
    `${step === undefined ? '' : `,"step":${String(step)}`}}\n`
  );
}
