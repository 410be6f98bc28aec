import { createContextKey, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';

/** The innermost span of ours: where the program has a tracer provider of its own, the active one can be that one's. */
const OWN_SPAN = createContextKey('stagelight span');

/** A context inside a span of ours. */
export function withOwnSpan(active: Context, span: Span): Context {
  return trace.setSpan(active, span).setValue(OWN_SPAN, span);
}

export function getOwnSpan(active: Context): Span | undefined {
  return active.getValue(OWN_SPAN) as Span | undefined;
}

/** A context whose active span is ours, or none. */
export function toOwnContext(active: Context): Context {
  const span = getOwnSpan(active);
  return span === undefined ? trace.deleteSpan(active) : trace.setSpan(active, span);
}
