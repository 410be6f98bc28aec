/** So many pieces between carriage returns are looked at from either end. */
const MAX_LOOKED_AT = 8;

/**
 * What a line says whose pieces were written over one another: from the piece on that is a record, else from the first
 * that isn't written over as a whole. `isRecord` says whether a text is a record by itself.
 */
export function chooseText(text: string, isRecord: (text: string) => boolean): string {
  const pieces = text.split('\r');
  if (pieces.length === 1) return text;
  for (const index of pieces.keys()) {
    const isLookedAt = index < MAX_LOOKED_AT || index >= pieces.length - MAX_LOOKED_AT;
    if (!isLookedAt || pieces[index] === '') continue;
    const rest = pieces.slice(index).join('\r');
    if (isRecord(rest)) return rest;
  }
  return pieces.slice(findVisible(pieces)).join('\r');
}

/** The first piece of which something is left: it is longer than all that was written behind it. */
function findVisible(pieces: readonly string[]): number {
  let first = pieces.length - 1;
  let longest = -1;
  for (let index = pieces.length - 1; index >= 0; index -= 1) {
    const { length } = pieces[index]!.trimEnd();
    if (length > longest && length > 0) first = index;
    longest = Math.max(longest, pieces[index]!.length);
  }
  return first;
}
