import type { RunInfo } from '../model/run-info.ts';
import { isRunning, readRunInfo } from '../spool/run-file.ts';

/** How a run stands: `interrupted` is one whose process is gone without having ended it. */
export type RunState = RunInfo['state'];

/** A run that can be read. */
export interface OpenedRun {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly state: RunState;
}

/**
 * Opens a run directory for reading: every reader of runs comes through here. What a run's process, killed before it
 * could, has left unmerged is merged now. `undefined` when the directory holds no run.
 */
export async function openRun(runDir: string): Promise<OpenedRun | undefined> {
  const info = readRunInfo(runDir);
  if (info === undefined) return undefined;
  if (info.state !== 'running' || isRunning(runDir, info)) {
    return { runDir, info, state: info.state };
  }
  // The merge loads when there is something to merge: nearly never.
  const { recoverRun } = await import('../merge/recover.ts');
  const recovered = recoverRun(runDir, info);
  // Still running: another reader is at it.
  const state = recovered.state === 'running' ? 'interrupted' : recovered.state;
  return { runDir, info: recovered, state };
}
