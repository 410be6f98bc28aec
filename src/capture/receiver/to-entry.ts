import type { OtelSpanKind } from '../../model/inbox.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { now, toNanoString } from '../../model/time.ts';
import { cutText } from '../api/attributes.ts';
import { encodeInboxAttributes } from '../api/encode-entry.ts';
import {
  toAttributes,
  toEnum,
  toId,
  toList,
  toNanos,
  toObject,
  toText,
  toValue,
} from './otlp-json.ts';
import type { Json } from './otlp-json.ts';

/** Who sent an item, and in which instrumentation scope. */
export interface ItemContext {
  /** The run's own trace. */
  readonly traceId: string;
  readonly scope: string | undefined;
  readonly sender: Attributes;
}

/** Far below the 4 MiB that an inbox's reader takes, with the attributes' own limit. */
const MAX_BODY_LENGTH = 128 * 1024;
const MAX_NAME_LENGTH = 1024;
const MAX_EVENTS = 128;
const MAX_LINKS = 128;
const MAX_METRIC_BYTES = 3 * 1024 * 1024;

const KINDS: readonly OtelSpanKind[] = [
  'internal',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];

/** A span as an inbox entry, a line of JSON; `undefined` for one without valid IDs and times. */
export function toSpanEntry(span: Json, context: ItemContext): string | undefined {
  const spanId = toId(span['spanId'], 16);
  const start = toNanos(span['startTimeUnixNano']);
  const end = toNanos(span['endTimeUnixNano']);
  const traceId = toId(span['traceId'], 32);
  if (spanId === undefined || traceId === undefined || start === undefined || end === undefined)
    return undefined;
  const status = toObject(span['status']);
  return toLine({
    type: 'span',
    time: end,
    start,
    span: spanId,
    parent: toId(span['parentSpanId'], 16),
    ...(traceId !== context.traceId && { trace: traceId }),
    name: cutText(toText(span['name']) ?? 'span', MAX_NAME_LENGTH),
    spanKind: KINDS[toEnum(span['kind'])] ?? 'internal',
    scope: context.scope,
    status: STATUSES[toEnum(status['code'])],
    errorMessage: toShortText(status['message']),
    attributes: encode({ ...toAttributes(span['attributes']), ...context.sender }),
    events: toList(span['events'])
      .slice(0, MAX_EVENTS)
      .map((event) => ({
        name: cutText(toText(event['name']) ?? 'event', MAX_NAME_LENGTH),
        time: toNanos(event['timeUnixNano']) ?? end,
        attributes: encode(toAttributes(event['attributes'])),
      })),
    links: toList(span['links']).slice(0, MAX_LINKS).flatMap(toLink),
  });
}

const STATUSES: readonly (string | undefined)[] = [undefined, 'ok', 'error'];

function toLink(link: Json): object[] {
  const traceId = toId(link['traceId'], 32);
  const span = toId(link['spanId'], 16);
  if (traceId === undefined || span === undefined) return [];
  return [{ traceId, span, attributes: encode(toAttributes(link['attributes'])) }];
}

/** A log record as an inbox entry. It always is one: what it lacks is now, and the run. */
export function toLogEntry(record: Json, context: ItemContext): string {
  const traceId = toId(record['traceId'], 32);
  const severity = toEnum(record['severityNumber']);
  const isForeign = traceId !== undefined && traceId !== context.traceId;
  return toLine({
    type: 'log',
    time:
      toNanos(record['timeUnixNano']) ??
      toNanos(record['observedTimeUnixNano']) ??
      toNanoString(now()),
    ...(severity >= 1 && severity <= 24 && { severity }),
    severityText: toShortText(record['severityText']),
    logger: context.scope ?? 'otlp',
    body: toBody(record['body']),
    event: toShortText(record['eventName']),
    span: toId(record['spanId'], 16),
    ...(isForeign && { trace: traceId }),
    attributes: encode({ ...toAttributes(record['attributes']), ...context.sender }),
  });
}

function toBody(value: unknown): string | undefined {
  const body = toValue(toObject(value));
  if (body === undefined) return undefined;
  const text = typeof body === 'string' ? body : Buffer.isBuffer(body) ? '' : JSON.stringify(body);
  return cutText(text, MAX_BODY_LENGTH);
}

/** A metric with all its points as an inbox entry; `undefined` for one that is too large. */
export function toMetricEntry(metric: Json, context: ItemContext): string | undefined {
  if (toText(metric['name']) === undefined) return undefined;
  const line = toLine({
    type: 'otlp-metric',
    time: toNanoString(now()),
    scope: context.scope,
    sender: encode(context.sender),
    metric,
  });
  return line.length > MAX_METRIC_BYTES ? undefined : line;
}

function toShortText(value: unknown): string | undefined {
  const text = toText(value);
  return text === undefined ? undefined : cutText(text, MAX_NAME_LENGTH);
}

/** Attributes as an inbox has them, bounded. */
function encode(attributes: Attributes): unknown {
  return JSON.parse(encodeInboxAttributes(attributes));
}

function toLine(entry: object): string {
  return `${JSON.stringify(entry)}\n`;
}
