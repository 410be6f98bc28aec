import type { RunInfo } from '../model/run-info.ts';
import type { Destination, SentRun } from '../sink/destination.ts';
import { listCursors } from '../spool/cursor-file.ts';
import { isRunning, listRuns } from '../spool/run-file.ts';
import type { StoredRun } from '../spool/run-file.ts';

/** Opens a run that nobody writes any more; what its killed process has left is merged, so that there is an end to send. */
export type OpenRun = (runDir: string) => Promise<{ readonly info: RunInfo } | undefined>;

export interface RunFinder {
  /** The folder that holds all runs of a project. */
  readonly home: string;
  readonly openRun: OpenRun;
}

/**
 * The runs that were to be sent to a destination and aren't yet, the oldest first. A run that was never to be sent, made
 * before there was a destination, is none of them: nobody asked for it.
 */
export async function findLeftovers(
  destination: Destination,
  { home, openRun }: RunFinder,
): Promise<SentRun[]> {
  const begun = listRuns(home)
    .filter(({ runDir }) => listCursors(runDir).includes(destination.name))
    .toReversed();
  const found: SentRun[] = [];
  for (const run of await openEnded(begun, openRun)) {
    if (hasRest(destination, run)) found.push(run);
  }
  return found;
}

/** Those of the runs that have ended, opened. */
export async function openEnded(runs: readonly StoredRun[], openRun: OpenRun): Promise<SentRun[]> {
  const opened: SentRun[] = [];
  for (const { runDir, info } of runs) {
    if (isRunning(runDir, info)) continue;
    const run = await openRun(runDir);
    if (run !== undefined) opened.push({ runDir, info: run.info });
  }
  return opened;
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
