import { setTimeout as sleep } from 'node:timers/promises';
import type { RunInfo } from '../model/run-info.ts';
import { now } from '../model/time.ts';
import { isAlive } from '../spool/process-identity.ts';
import { addTreeState } from './git-tree.ts';
import { Merge } from './merge.ts';
import type { MergeOptions } from './merge.ts';

const IDLE_MS = 25;
/** How often the process that writes the run is looked for. */
const LOOK_MS = 250;
const RETRY_MS = 500;
/** How long the end of a run waits for a disk that takes nothing; what is in the inboxes is merged by the next reader. */
const MAX_FINAL_RETRIES = 4;
/** How long a process that ends with its run may take to be gone: what it still logs belongs to the run. */
const MAX_EXIT_MS = 2000;

/**
 * Merges a run that another process writes, until that says that the run has ended, or is gone.
 * @returns the run as it has ended; `undefined` when the disk didn't take it.
 */
export async function followRun(options: MergeOptions): Promise<RunInfo | undefined> {
  const merge = new Merge({ ...options, info: await addTreeState(options.info) });
  const { process } = options.info;
  let lookAtMs = 0;
  for (let isGone = false; merge.told === undefined && !isGone;) {
    if (Date.now() >= lookAtMs) {
      lookAtMs = Date.now() + LOOK_MS;
      isGone = isAlive(process) === false; // whatever it wrote is read by the step that follows
    }
    const hasRead = attempt(() => merge.step(now()));
    if (hasRead !== true) await sleep(hasRead === undefined ? RETRY_MS : IDLE_MS);
  }
  if (merge.told?.code !== undefined) await waitForExit(process);
  for (let tries = 0; tries < MAX_FINAL_RETRIES; tries += 1) {
    const info = attempt(() => merge.finish());
    if (info !== undefined) return info;
    await sleep(RETRY_MS);
  }
  return undefined;
}

async function waitForExit(process: RunInfo['process']): Promise<void> {
  const untilMs = Date.now() + MAX_EXIT_MS;
  while (isAlive(process) !== false && Date.now() < untilMs) await sleep(IDLE_MS);
}

/** A step that the disk refuses is finished by the next one. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
