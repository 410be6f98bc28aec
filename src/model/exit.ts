import type { ChildExitEntry } from './inbox.ts';
import type { Result } from './pipeline.ts';

/** Signals by which a person or a scheduler ends a run. */
const CANCELLING: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

export interface JudgedExit {
  readonly result: Result;
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** What the end of a command means: success, failure of its own, an error from outside, or that somebody ended it. */
export function judgeExit(exit: Omit<ChildExitEntry, 'type' | 'time'>): JudgedExit {
  const { code, signal, error, received } = exit;
  if (error !== undefined)
    return { result: 'error', errorType: String(code ?? 127), errorMessage: error };
  const cause = signal ?? (code === 0 ? undefined : received);
  if (cause !== undefined)
    return { result: CANCELLING.has(cause) ? 'cancellation' : 'error', errorType: cause };
  return code === 0 ? { result: 'success' } : { result: 'failure', errorType: String(code) };
}
