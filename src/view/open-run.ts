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

/** Opens a run directory for reading: every reader of runs comes through here. `undefined` when it holds no run. */
export async function openRun(runDir: string): Promise<OpenedRun | undefined> {
  const info = readRunInfo(runDir);
  if (info === undefined) return undefined;
  const isGone = info.state === 'running' && !isRunning(runDir, info);
  return { runDir, info, state: isGone ? 'interrupted' : info.state };
}
