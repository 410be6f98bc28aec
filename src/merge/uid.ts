import type { RunId } from '../model/ids.ts';

/**
 * The beginning of the uids of what one inbox holds: a piece of the run's ID, since uids are unique among all runs, and
 * the inbox. Behind it comes the place in the inbox, so that the same record has the same uid whenever it is merged.
 */
export function toUidPrefix(runId: RunId, source: string): string {
  return `${runId.slice(0, 12)}.${source}`;
}

/** The beginning of the uids of a console's stream: behind it comes the byte where a record begins, in base 36. */
export function toStreamUidPrefix(prefix: string, stream: 'stdout' | 'stderr' | 'both'): string {
  // `o`, `e` or, where both came through one pipe, `b`
  return `${prefix}.${stream === 'both' ? 'b' : stream.charAt(3)}.`;
}
