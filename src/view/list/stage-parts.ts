import type { RunCounts } from '../../model/run-info.ts';
import type { Result } from '../../model/pipeline.ts';

const RESULT_WORDS: Readonly<Record<Result, string>> = {
  success: 'ran',
  failure: 'failed',
  error: 'failed',
  cancellation: 'cancelled',
  skip: 'skipped',
};

/** How a run's stages came out: `2 ran`, `1 failed`, `6 skipped`. */
export function toStageParts(counts: RunCounts | undefined): string[] {
  const byWord = new Map<string, number>();
  for (const [result, word] of Object.entries(RESULT_WORDS)) {
    const count = counts?.stages[result as Result] ?? 0;
    if (count > 0) byWord.set(word, (byWord.get(word) ?? 0) + count);
  }
  return [...byWord].map(([word, count]) => `${count} ${word}`);
}
