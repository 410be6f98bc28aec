import { context } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { ActiveSpan } from './active-span.ts';
import type { Exception } from './exception.ts';
import { recordException } from './record-exception.ts';
import type { SpanOutcome } from './recording.ts';

/** How a span that something was thrown in ends. */
export interface Failure extends Exception {
  /** Thrown to stop, by an `AbortSignal`: no error. */
  readonly isAbort: boolean;
}

export interface SpanOutcomes<T> {
  ok(value: T): SpanOutcome;
  failed(failure: Failure): SpanOutcome;
}

/** Runs `fn` in a span and ends that. What `fn` throws is recorded and thrown on. */
export async function runInSpan<T>(
  active: ActiveSpan,
  fn: (span: Span) => T | Promise<T>,
  outcomes: SpanOutcomes<T>,
): Promise<T> {
  let value: T;
  try {
    value = await context.with(active.context, () => fn(active.span));
  } catch (error) {
    active.end(outcomes.failed(toFailure(active, error)));
    throw error;
  }
  active.end(outcomes.ok(value));
  return value;
}

/** Records what was thrown in a span. */
export function toFailure(active: ActiveSpan, thrown: unknown): Failure {
  const exception = context.with(active.context, () => recordException(thrown));
  return { ...exception, isAbort: exception.type === 'AbortError' };
}

/** What a failure says on any span. */
export function toErrorOutcome({ type, message, isAbort }: Failure): SpanOutcome {
  return isAbort ? {} : { status: 'error', errorType: type, errorMessage: message };
}
