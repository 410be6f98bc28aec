/** Digits of a run ID that are shown where there is little room. */
export const SHORT_ID_LENGTH = 8;

export function toShortId(runId: string): string {
  return runId.slice(0, SHORT_ID_LENGTH);
}
