/** What stands in our JSON as it is: printable ASCII, but for the quote and the backslash. */
const PLAIN_RUN = /[\x20\x21\x23-\x5b\x5d-\x7e]+/g;
const QUANTIFIER = /^\{\d+(?:,\d*)?\}/;

/**
 * The longest text that all matches of a regular expression hold for sure and that stands in JSON as it is; `''` when
 * none is found. What is hard to tell (groups, alternatives, references) counts as nothing.
 */
export function findLiteral(source: string): string {
  let longest = '';
  for (const run of findRuns(source) ?? []) {
    for (const [plain] of run.matchAll(PLAIN_RUN)) {
      if (plain.length > longest.length) longest = plain;
    }
  }
  return longest;
}

function findRuns(source: string): string[] | undefined {
  const runs: string[] = [];
  let run = '';
  const end = (): void => {
    runs.push(run);
    run = '';
  };
  for (let index = 0; index < source.length; index += 1) {
    const character = source[index]!;
    if ('()|]}'.includes(character)) return undefined;
    if (character === '\\') {
      index += 1;
      const escaped = source[index] ?? '';
      if (/[^\w\s]/.test(escaped)) run += escaped;
      else if (/[dDwWsSbBnrtfv]/.test(escaped)) end();
      else return undefined;
    } else if (character === '[') {
      index = findClassEnd(source, index);
      end();
    } else if (character === '*' || character === '?' || character === '{') {
      const quantifier = character === '{' ? QUANTIFIER.exec(source.slice(index)) : [character];
      if (quantifier === null) return undefined;
      index += quantifier[0]!.length - 1;
      run = run.slice(0, -1); // what it stands behind may be missing
      end();
    } else if ('.^$+'.includes(character)) {
      end();
    } else {
      run += character;
    }
  }
  end();
  return runs;
}

function findClassEnd(source: string, start: number): number {
  for (let index = start + 1; index < source.length; index += 1) {
    if (source[index] === '\\') index += 1;
    else if (source[index] === ']') return index;
  }
  return source.length;
}
