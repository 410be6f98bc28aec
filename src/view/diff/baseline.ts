import { dirname } from 'node:path';
import type { RunInfo } from '../../model/run-info.ts';
import { listRuns } from '../../spool/run-file.ts';
import type { StoredRun } from '../../spool/run-file.ts';
import { openRun } from '../open-run.ts';
import type { OpenedRun } from '../open-run.ts';

/**
 * The last successful run of the same pipeline before `run`: among the runs beside it, else (for one that was copied
 * here) among those of `home`. For a run with stages it is one with stages: anything can be run under a pipeline's name.
 */
export async function findBaseline(run: OpenedRun, home: string): Promise<OpenedRun | undefined> {
  const found = findEarlier(run, dirname(dirname(run.runDir))) ?? findEarlier(run, home);
  return found && (await openRun(found.runDir));
}

function findEarlier({ info }: OpenedRun, home: string): StoredRun | undefined {
  const earlier = listRuns(home).filter(
    ({ info: other }) =>
      other.runId !== info.runId &&
      other.pipeline === info.pipeline &&
      other.state === 'finished' &&
      other.result === 'success' &&
      BigInt(other.startedAt) <= BigInt(info.startedAt),
  );
  const alike = earlier.find(({ info: other }) => !hasStages(info) || hasStages(other));
  return alike ?? earlier[0];
}

function hasStages({ counts }: RunInfo): boolean {
  return Object.keys(counts?.stages ?? {}).length > 0;
}
