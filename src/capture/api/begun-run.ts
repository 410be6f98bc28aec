import type { Result } from '../../model/pipeline.ts';
import type { ActiveSpan } from './active-span.ts';
import type { SpanOutcome } from './recording.ts';

/** How a run ends. */
export type RunOutcome = SpanOutcome & { readonly result: Result; readonly code?: number };

/** A run that this process has begun itself, outside `stagelight run`. */
export interface BegunRun {
  /** Its span. */
  readonly active: ActiveSpan;
  /** Keeps how the run ends. */
  note(outcome: RunOutcome): RunOutcome;
  /** Ends the run and waits for whoever takes it. Never rejects. */
  finish(): Promise<void>;
}
