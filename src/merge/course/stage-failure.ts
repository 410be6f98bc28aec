import { constants } from 'node:os';
import type { UnixTime } from '../../model/time.ts';
import type { OpenSpan, SpanEnd } from './span-book.ts';

/** How a stage failed, as DVC says it. */
export interface StageFailure {
  readonly time: UnixTime;
  readonly exitCode?: number;
  readonly message: string;
  /** Whether the line says why: one that doesn't only sums up. */
  readonly hasCause: boolean;
  /** Whether DVC has ended with it: what comes next is none of the stage's. */
  readonly isLast: boolean;
}

/** How a failed stage's span ends. DVC gives the negative number of the signal that ended a command. */
export function toFailure(failure: StageFailure, span: OpenSpan): Partial<SpanEnd> {
  const { exitCode, message } = failure;
  const errorMessage = span.lastException?.message ?? message;
  if (exitCode === undefined || exitCode >= 0) {
    const errorType = span.lastException?.type ?? String(exitCode ?? 'failed');
    return { result: 'failure', errorType, errorMessage };
  }
  const signals = Object.entries(constants.signals);
  const signal = signals.find(([, number]) => number === -exitCode)?.[0];
  if (signal === 'SIGINT') return { result: 'cancellation', errorType: signal, errorMessage };
  return { result: 'error', errorType: signal ?? String(exitCode), errorMessage };
}
