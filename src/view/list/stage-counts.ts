import { join } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import { FILE } from '../../spool/layout.ts';
import { readSpans } from '../../spool/signal-reader.ts';
import type { OpenedRun } from '../open-run.ts';
import { INTERRUPTED, parseStatus } from '../run-status.ts';
import type { Status } from '../run-status.ts';

export type StageCounts = Readonly<Partial<Record<Status, number>>>;

/** Stages by how they came out; of a run that has no end of its own, those whose spans there are. */
export function countStages({ info, state, runDir }: OpenedRun): StageCounts {
  if (state === 'finished') return info.counts?.stages ?? {};
  const counts: Partial<Record<Status, number>> = {};
  for (const { attributes } of readSpans(join(runDir, FILE.traces))) {
    if (attributes[ATTR.taskName] === undefined) continue;
    const isInterrupted = attributes[ATTR.errorType] === INTERRUPTED;
    const status = isInterrupted ? INTERRUPTED : parseStatus(attributes[ATTR.taskResult]);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}
