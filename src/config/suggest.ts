/** The name that is nearest to a mistyped one; `undefined` when none is near. */
export function suggest(word: string, names: Iterable<string>): string | undefined {
  const typed = normalize(word);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    const distance = toEditDistance(typed, normalize(name));
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** `suggest` as a hint. */
export function toSuggestionHint(word: string, names: Iterable<string>): string | undefined {
  const name = suggest(word, names);
  return name === undefined ? undefined : `did you mean ${name}?`;
}

/** `dateFormat`, `date-format` and `DATE_FORMAT` are all meant to be `date_format`. */
function normalize(name: string): string {
  return name.slice(0, 100).toLowerCase().replace(/[_-]/g, '');
}

/** How many insertions, deletions, replacements and swaps of neighbours lead from one to the other. */
function toEditDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwap ? beforeLast[column - 2]! + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length]!;
}
