import type { RunInfo } from '../model/run-info.ts';
import type { Destination, SentRun } from '../sink/destination.ts';
import { listCursors } from '../spool/cursor-file.ts';
import { isRunning, listRuns } from '../spool/run-file.ts';

/** Merges what a run's killed process has left, so that there is an end to send. */
export type Recover = (runDir: string, info: RunInfo) => RunInfo;

export interface RunFinder {
  /** The folder that holds all runs of a project. */
  readonly home: string;
  readonly recover: Recover;
}

/**
 * The runs that were to be sent to a destination and aren't yet, the oldest first. A run that was never to be sent, made
 * before there was a destination, is none of them: nobody asked for it.
 */
export function findLeftovers(destination: Destination, { home, recover }: RunFinder): SentRun[] {
  const begun = listRuns(home)
    .filter(({ runDir }) => listCursors(runDir).includes(destination.name))
    .toReversed();
  return begun
    .filter(({ runDir, info }) => !isRunning(runDir, info))
    .map(({ runDir, info }) => ({ runDir, info: recover(runDir, info) }))
    .filter((run) => hasRest(destination, run));
}

/** Whether anything of a run isn't sent yet. */
export function hasRest(destination: Destination, run: SentRun): boolean {
  try {
    const delivery = destination.open(run);
    const { pendingBytes } = delivery.status();
    delivery.close();
    return pendingBytes > 0;
  } catch {
    return false; // can't be read: nobody can send it
  }
}
