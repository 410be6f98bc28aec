import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { RunInfo } from '../model/run-info.ts';
import { now } from '../model/time.ts';
import { Merge } from './merge.ts';
import type { MergeOptions } from './merge.ts';

/** How often the inboxes are looked at when nothing is new. */
const IDLE_MS = 50;
const RETRY_MS = 500;
/** How long the end of a run waits for a disk that takes nothing; what is in the inboxes is merged by the next reader. */
const MAX_FINAL_RETRIES = 4;

/**
 * Merges a run whose command is under way, until `ended` says that its output is in the inboxes.
 * @returns the run as it has ended; `undefined` when the disk didn't take it, which `onFault` was told of.
 */
export async function mergeRun(
  options: MergeOptions,
  { ended, onFault }: { ended: AbortSignal; onFault: (message: string) => void },
): Promise<RunInfo | undefined> {
  const merge = new Merge(options);
  const attempt = createAttempt(onFault);
  while (!ended.aborted) {
    const outcome = attempt(() => merge.step(now()));
    // With more to read, only what is told from outside is looked at in between.
    if (outcome === true) await setImmediate();
    else await sleep(outcome ? RETRY_MS : IDLE_MS, undefined, { signal: ended }).catch(() => {});
  }
  for (let tries = 0; tries < MAX_FINAL_RETRIES; tries += 1) {
    const info = attempt(() => merge.finish());
    if (info !== 'failed') return info;
    await sleep(RETRY_MS);
  }
  return undefined;
}

/** Runs a step; a failure is told once and answered with `'failed'`. */
function createAttempt(tell: (message: string) => void) {
  let hasTold = false;
  return <T>(step: () => T): T | 'failed' => {
    try {
      return step();
    } catch (error) {
      if (!hasTold) tell((error as Error).message);
      hasTold = true;
      return 'failed';
    }
  };
}
