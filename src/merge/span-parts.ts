import { TraceFlags } from '@opentelemetry/api';
import type { Attributes as SpanAttributes, Link } from '@opentelemetry/api';
import type { SpanEventEntry, SpanLinkEntry } from '../model/inbox.ts';
import { parseInboxAttributes } from '../model/inbox-value.ts';
import { parseNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { SpanEventDraft } from './emitter.ts';

/** Span events as inboxes have them. One without a time has that of its span's end. */
export function toEvents(
  events: readonly SpanEventEntry[] | undefined,
  end: UnixTime,
): SpanEventDraft[] {
  return (events ?? []).map(({ name, time, attributes }) => ({
    name,
    time: parseNanoString(time) ?? end,
    attributes: parseInboxAttributes(attributes),
  }));
}

/** Span links as inboxes have them. */
export function toLinks(links: readonly SpanLinkEntry[] | undefined): Link[] {
  return (links ?? []).map(({ traceId, span: spanId, attributes }) => ({
    context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
    attributes: parseInboxAttributes(attributes) as SpanAttributes,
  }));
}
