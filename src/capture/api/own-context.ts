import { ROOT_CONTEXT, createContextKey, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { SpanId } from '../../model/ids.ts';

/** The innermost span of ours: where the program has a tracer provider of its own, the active one can be that one's. */
interface OwnSpan {
  readonly span: Span;
  /** In which a record is made that lies in the span. */
  readonly logContext: Context;
}

const OWN_SPAN = createContextKey('stagelight span');
const LOG_SPAN = createContextKey('stagelight span of a record');
const NO_SPAN: Context = ROOT_CONTEXT.setValue(LOG_SPAN, undefined);

/** A context inside a span of ours. */
export function withOwnSpan(active: Context, span: Span): Context {
  const logContext = ROOT_CONTEXT.setValue(LOG_SPAN, span.spanContext().spanId);
  return trace.setSpan(active, span).setValue(OWN_SPAN, { span, logContext } satisfies OwnSpan);
}

export function getOwnSpan(active: Context): Span | undefined {
  return (active.getValue(OWN_SPAN) as OwnSpan | undefined)?.span;
}

/** A context whose active span is ours, or none. */
export function toOwnContext(active: Context): Context {
  const span = getOwnSpan(active);
  return span === undefined ? trace.deleteSpan(active) : trace.setSpan(active, span);
}

/**
 * The context to make a log record in: the active one where its span is another instrumentation's, else one that has but
 * the span's ID. (The SDK checks the IDs of an active span by regular expressions, for every record: a tenth of its cost.)
 */
export function toLogContext(active: Context, isGlobal: boolean): Context {
  if (active !== last.active) last = { active, logContext: findLogContext(active, isGlobal) };
  return last.logContext;
}

/** Contexts don't change, and most records are made in that of the one before. */
let last: { readonly active: Context; readonly logContext: Context } = {
  active: NO_SPAN,
  logContext: NO_SPAN,
};

function findLogContext(active: Context, isGlobal: boolean): Context {
  const own = active.getValue(OWN_SPAN) as OwnSpan | undefined;
  if (isGlobal && trace.getSpan(active) !== own?.span) return active;
  return own?.logContext ?? NO_SPAN;
}

/** The span that a context from {@link toLogContext} has. */
export function getLogSpanId(context: Context | undefined): SpanId | undefined {
  return context?.getValue(LOG_SPAN) as SpanId | undefined;
}
