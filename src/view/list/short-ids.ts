import { SHORT_ID_LENGTH } from '../short-id.ts';

/** The beginnings of run IDs, long enough to tell them apart. */
export function toShortIds(runIds: readonly string[]): string[] {
  let length = SHORT_ID_LENGTH;
  const different = new Set(runIds);
  const countOf = (digits: number): number => new Set(runIds.map((id) => id.slice(0, digits))).size;
  while (countOf(length) < different.size) length += 4;
  return runIds.map((runId) => runId.slice(0, length));
}
