import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { RunInfo } from '../model/run-info.ts';
import { mergeRun } from './merge-run.ts';

/** What the merge's thread is given. */
export interface MergeThreadData {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly env: NodeJS.ProcessEnv;
}

/** What it tells: a fault, once, and at its end the run, where it could be written. */
export type MergeThreadMessage =
  | { readonly type: 'fault'; readonly message: string }
  | { readonly type: 'done'; readonly info: RunInfo | undefined };

/**
 * Merges a run in a thread of its own, so that nothing that the output does to it can hold up the output itself. It ends
 * when it is told that the command has (any message).
 */
async function mergeInThread(data: MergeThreadData, port: MessagePort): Promise<void> {
  const tell = (message: MergeThreadMessage): void => port.postMessage(message);
  const ended = new AbortController();
  port.once('message', () => ended.abort());
  const onFault = (message: string): void => tell({ type: 'fault', message });
  tell({ type: 'done', info: await mergeRun(data, { ended: ended.signal, onFault }) });
}

if (parentPort !== null) {
  // The port keeps the thread alive until the merge is done.
  const port = parentPort;
  void mergeInThread(workerData as MergeThreadData, port).finally(() => port.close());
}
