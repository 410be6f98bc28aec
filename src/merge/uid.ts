import type { RunId } from '../model/ids.ts';

/**
 * The beginning of the uids of what one inbox holds: a piece of the run's ID, since uids are unique among all runs, and
 * the inbox. Behind it comes the place in the inbox, so that the same record has the same uid whenever it is merged.
 */
export function toUidPrefix(runId: RunId, source: string): string {
  return `${runId.slice(0, 12)}.${source}`;
}
