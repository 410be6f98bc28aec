import { dirname } from 'node:path';
import { listRuns } from '../../spool/run-file.ts';
import { openRun } from '../open-run.ts';
import type { OpenedRun } from '../open-run.ts';

/** The last successful run of the same pipeline before `run`, among the runs beside it. */
export async function findBaseline(run: OpenedRun): Promise<OpenedRun | undefined> {
  const { pipeline, startedAt, runId } = run.info;
  const earlier = listRuns(dirname(dirname(run.runDir))).find(
    ({ info }) =>
      info.runId !== runId &&
      info.pipeline === pipeline &&
      info.state === 'finished' &&
      info.result === 'success' &&
      BigInt(info.startedAt) <= BigInt(startedAt),
  );
  return earlier && (await openRun(earlier.runDir));
}
