import type { SdkLogRecord } from '@opentelemetry/sdk-logs';
import type { HrTime, SpanContext } from '@opentelemetry/api';
import { encodeAttributes, encodeString, encodeTime, encodeValue, escapeText } from './json.ts';

/**
 * The beginning of a log record as an OTLP/JSON `LogRecord`, up to its own attributes. A time of 0 is unknown and left
 * out. {@link encodeLogTail} ends it.
 */
export function encodeLogHead(record: SdkLogRecord): string {
  let text = `{"severityNumber":${record.severityNumber ?? 0}`;
  if (isKnown(record.hrTime)) text += `,"timeUnixNano":"${encodeTime(record.hrTime)}"`;
  text += encodeObserved(record.hrTimeObserved);
  if (record.severityText) text += `,"severityText":${encodeString(record.severityText)}`;
  if (record.eventName) text += `,"eventName":${encodeString(record.eventName)}`;
  return `${text}${encodeBody(record.body)},"attributes":[${encodeAttributes(record.attributes)}`;
}

/**
 * The end of a log record: attributes that it shares with others (behind at least one of its own), and its span. The
 * same for all records of a scope, and half of a plain line's bytes.
 */
export function encodeLogTail(
  shared: Record<string, unknown>,
  span: SpanContext | undefined,
): string {
  const attributes = encodeAttributes(shared);
  const place =
    span === undefined
      ? ''
      : `,"flags":${span.traceFlags},"traceId":"${span.traceId}","spanId":"${span.spanId}"`;
  return `${attributes === '' ? '' : ','}${attributes}]${place}}`;
}

function encodeBody(body: SdkLogRecord['body']): string {
  if (body === undefined) return '';
  if (typeof body === 'string') return `,"body":{"stringValue":"${escapeText(body)}"}`;
  return `,"body":${encodeValue(body)}`;
}

let lastObserved: HrTime | undefined;
let lastObservedText = '';

/** Lines that were read together share their time: it is encoded once for hundreds. */
function encodeObserved(time: HrTime): string {
  if (time !== lastObserved) {
    lastObserved = time;
    lastObservedText = `,"observedTimeUnixNano":"${encodeTime(time)}"`;
  }
  return lastObservedText;
}

function isKnown(time: HrTime): boolean {
  return time[0] !== 0 || time[1] !== 0;
}
