import type { Link } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-node';
import { encodeAttributes, encodeString, encodeTime } from './json.ts';

/** An ended span as an OTLP/JSON `Span`. */
export function encodeSpan(span: ReadableSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const parent = span.parentSpanContext?.spanId;
  const { code, message } = span.status;
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}",` +
    (parent === undefined ? '' : `"parentSpanId":"${parent}",`) +
    `"flags":${traceFlags},"name":${encodeString(span.name)},` +
    // OTLP's kinds start at 1, for an unspecified 0 that the API doesn't have.
    `"kind":${span.kind + 1},` +
    `"startTimeUnixNano":"${encodeTime(span.startTime)}","endTimeUnixNano":"${encodeTime(span.endTime)}",` +
    `"attributes":[${encodeAttributes(span.attributes)}],` +
    (span.events.length === 0 ? '' : `"events":[${span.events.map(encodeEvent).join(',')}],`) +
    (span.links.length === 0 ? '' : `"links":[${span.links.map(encodeLink).join(',')}],`) +
    `"status":{${code === 0 ? '' : `"code":${code}`}${message ? `,"message":${encodeString(message)}` : ''}}}`
  );
}

function encodeEvent(event: TimedEvent): string {
  return (
    `{"timeUnixNano":"${encodeTime(event.time)}","name":${encodeString(event.name)},` +
    `"attributes":[${encodeAttributes(event.attributes ?? {})}]}`
  );
}

function encodeLink(link: Link): string {
  const { traceId, spanId } = link.context;
  return `{"traceId":"${traceId}","spanId":"${spanId}","attributes":[${encodeAttributes(link.attributes ?? {})}]}`;
}
