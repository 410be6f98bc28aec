import { STATUSES } from '../run-status.ts';
import type { Status } from '../run-status.ts';

const WORDS: Readonly<Record<Status, string>> = {
  success: 'ran',
  failure: 'failed',
  error: 'failed',
  cancellation: 'cancelled',
  skip: 'skipped',
  running: 'running',
  interrupted: 'interrupted',
};

/** How a run's stages came out: `2 ran`, `1 failed`, `6 skipped`. */
export function toStageParts(counts: Readonly<Partial<Record<Status, number>>>): string[] {
  const byWord = new Map<string, number>();
  for (const status of STATUSES) {
    const count = counts[status] ?? 0;
    if (count > 0) byWord.set(WORDS[status], (byWord.get(WORDS[status]) ?? 0) + count);
  }
  return [...byWord].map(([word, count]) => `${count} ${word}`);
}
