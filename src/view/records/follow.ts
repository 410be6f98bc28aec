import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, readRunInfo } from '../../spool/run-file.ts';
import { openRun } from '../open-run.ts';
import type { Output } from '../output.ts';
import type { Source } from './source.ts';

const POLL_MS = 100;

/** Reads a source until the run has ended and all of it is read, or nobody reads the output any more. */
export async function followRun(
  runDir: string,
  { source, output }: { readonly source: Source; readonly output: Output },
): Promise<void> {
  while (goesOn(runDir) && !output.isClosed) {
    await source.readOn();
    await sleep(POLL_MS);
  }
  // What a run that was killed has left behind is put in order by opening it.
  await openRun(runDir);
  await source.readOn();
}

function goesOn(runDir: string): boolean {
  const info = readRunInfo(runDir);
  return info !== undefined && isRunning(runDir, info);
}
