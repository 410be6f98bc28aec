import type { StepOutcome } from '../destination.ts';
import { MlflowError } from './mlflow-error.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** How long to wait after failures, one after another: twice as long each time, and not everybody at once. */
export class BackOff {
  #failures = 0;

  succeed(): void {
    this.#failures = 0;
  }

  /** When to try again, in Unix milliseconds. */
  fail(): number {
    const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    return Date.now() + longestMs * (0.5 + Math.random() / 2);
  }
}

/** What a failure means for the run's way to MLflow. */
export function toOutcome(error: unknown, backOff: BackOff): StepOutcome {
  const reason = (error as Error).message;
  if (!(error instanceof MlflowError) || error.fault === 'retry') {
    const asked = error instanceof MlflowError ? (error.retryAtMs ?? 0) : 0;
    return { type: 'wait', atMs: Math.max(asked, backOff.fail()), reason };
  }
  return { type: 'blocked', reason };
}
