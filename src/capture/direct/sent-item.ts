import { randomBytes } from 'node:crypto';
import type { Attributes as SpanAttributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord, SdkLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { ATTR } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { SecretMasker } from '../../model/secrets.ts';
import { toJson } from '../api/attributes.ts';
import { toParts } from '../api/long-text.ts';

export interface ItemContext {
  readonly resource: Resource;
  readonly masker: SecretMasker;
  /** What the stage and trial around it say of it. */
  readonly scope: Attributes;
}

/** A span as it is sent: with the run's resource, without secrets. */
export function toSentSpan(span: ReadableSpan, { resource, masker }: ItemContext): ReadableSpan {
  const { status, events, links } = span;
  const message = status.message === undefined ? undefined : masker.mask(status.message).text;
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: { code: status.code, ...(message !== undefined && { message }) },
    attributes: toSentAttributes(span.attributes, masker),
    links: links.map((link) => ({ ...link, attributes: maskSome(link.attributes, masker) })),
    events: events.map((event) => ({ ...event, attributes: maskSome(event.attributes, masker) })),
    resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** A record as it is sent: with a uid and the run's resource, without secrets, in parts where it is too long for one. */
export function* toSentRecords(
  record: SdkLogRecord,
  { resource, masker, scope }: ItemContext,
): Generator<ReadableLogRecord> {
  const body = toBody(record.body);
  const masked = body === undefined ? [undefined] : [...toParts(masker.mask(body).text)];
  const partId = randomBytes(8).toString('hex');
  for (const [index, text] of masked.entries()) {
    const own = index === 0 ? record.attributes : {};
    const part = masked.length > 1 ? { [ATTR.partId]: partId, [ATTR.partIndex]: index } : {};
    const uid = randomBytes(12).toString('hex');
    yield {
      hrTime: record.hrTime,
      hrTimeObserved: record.hrTimeObserved,
      ...(record.spanContext && { spanContext: record.spanContext }),
      ...(record.severityText !== undefined && { severityText: record.severityText }),
      ...(record.severityNumber !== undefined && { severityNumber: record.severityNumber }),
      ...(text !== undefined && { body: text }),
      ...(record.eventName !== undefined && { eventName: record.eventName }),
      resource,
      instrumentationScope: record.instrumentationScope,
      attributes: { ...toSentAttributes(own, masker), ...scope, ...part, [ATTR.uid]: uid },
      droppedAttributesCount: record.droppedAttributesCount,
    };
  }
}

function maskSome(attributes: SpanAttributes | undefined, masker: SecretMasker): SpanAttributes {
  return toSentAttributes(attributes ?? {}, masker);
}

/** Numbers that JSON doesn't have are texts: the official exporter would make `null` of them, which no backend takes. */
function toSentAttributes(attributes: object, masker: SecretMasker): SpanAttributes {
  const masked = masker.maskTree(attributes) as Record<string, unknown>;
  for (const [key, value] of Object.entries(masked)) {
    if (typeof value === 'number' && !Number.isFinite(value)) masked[key] = String(value);
  }
  return masked as SpanAttributes;
}

function toBody(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string' ? body : toJson(body);
}
