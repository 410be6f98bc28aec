import type { SdkLogRecord } from '@opentelemetry/sdk-logs';
import type { HrTime } from '@opentelemetry/api';
import { encodeAttribute, encodeString, encodeTime, encodeValue } from './json.ts';

/**
 * A log record as an OTLP/JSON `LogRecord`. `shared` are attributes, already encoded, that are put behind its own.
 * A time of 0 is unknown and left out.
 */
export function encodeLogRecord(record: SdkLogRecord, shared: string): string {
  let text = `{"severityNumber":${record.severityNumber ?? 0}`;
  if (isKnown(record.hrTime)) text += `,"timeUnixNano":"${encodeTime(record.hrTime)}"`;
  text += `,"observedTimeUnixNano":"${encodeTime(record.hrTimeObserved)}"`;
  if (record.severityText) text += `,"severityText":${encodeString(record.severityText)}`;
  if (record.eventName) text += `,"eventName":${encodeString(record.eventName)}`;
  if (record.body !== undefined) text += `,"body":${encodeValue(record.body)}`;
  text += `,"attributes":[${encodeOwnAttributes(record.attributes)}${shared}]`;
  const { spanContext } = record;
  if (spanContext !== undefined) {
    text += `,"flags":${spanContext.traceFlags},"traceId":"${spanContext.traceId}","spanId":"${spanContext.spanId}"`;
  }
  return `${text}}`;
}

function isKnown(time: HrTime): boolean {
  return time[0] !== 0 || time[1] !== 0;
}

function encodeOwnAttributes(attributes: Record<string, unknown>): string {
  let text = '';
  for (const key in attributes) {
    text += (text === '' ? '' : ',') + encodeAttribute(key, attributes[key]);
  }
  return text;
}
