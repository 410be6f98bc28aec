import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { RunInfo } from '../model/run-info.ts';
import { now } from '../model/time.ts';
import { addTreeState } from './git-tree.ts';
import { Merge } from './merge.ts';

/** What the merge's thread is given. */
export interface MergeThreadData {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly env: NodeJS.ProcessEnv;
}

/** What it tells: a fault, once, and the run when it has ended. */
export type MergeThreadMessage =
  | { readonly type: 'fault'; readonly message: string }
  | { readonly type: 'done'; readonly info: RunInfo };

/** How often the inboxes are looked at when nothing is new. */
const IDLE_MS = 50;
const RETRY_MS = 500;
/** How long the end of a run waits for a disk that takes nothing; what is in the inboxes is merged by the next reader. */
const MAX_FINAL_RETRIES = 4;

/**
 * Merges a run in a thread of its own, so that nothing that the output does to it can hold up the output itself. It ends
 * when it is told that the command has (any message).
 */
async function mergeInThread(data: MergeThreadData, port: MessagePort): Promise<void> {
  const ended = new AbortController();
  port.once('message', () => ended.abort());
  const merge = new Merge({ ...data, info: await addTreeState(data.info) });
  const attempt = createAttempt((message) => {
    port.postMessage({ type: 'fault', message } satisfies MergeThreadMessage);
  });
  while (!ended.signal.aborted) {
    const outcome = attempt(() => merge.step(now()));
    // With more to read, only the messages are looked at in between.
    if (outcome === true) await setImmediate();
    else
      await sleep(outcome ? RETRY_MS : IDLE_MS, undefined, { signal: ended.signal }).catch(
        () => {},
      );
  }
  for (let tries = 0; tries < MAX_FINAL_RETRIES; tries += 1) {
    const info = attempt(() => merge.finish());
    if (info !== 'failed') {
      port.postMessage({ type: 'done', info } satisfies MergeThreadMessage);
      return;
    }
    await sleep(RETRY_MS);
  }
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

if (parentPort !== null) {
  // The port keeps the thread alive until the merge is done.
  const port = parentPort;
  void mergeInThread(workerData as MergeThreadData, port).finally(() => port.close());
}
