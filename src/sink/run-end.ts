import { readRunInfo } from '../spool/run-file.ts';
import type { SentRun } from './destination.ts';

/** Whether all that a run will ever hold is on disk. Ask before you look at the files, not after. */
export function hasEnded({ runDir, info }: SentRun): boolean {
  return info.state !== 'running' || readRunInfo(runDir)?.state !== 'running';
}
