/** What stands in our JSON as it is: printable ASCII, but for the quote and the backslash. */
const PLAIN_RUN = /[\x20\x21\x23-\x5b\x5d-\x7e]+/g;

/**
 * The longest text that all matches of a regular expression hold for sure and that stands in JSON as it is; `''` when
 * none is found. Groups, classes and what may be missing count as nothing.
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

/** The literal texts between everything else; `undefined` where there are alternatives, or something hard to tell. */
function findRuns(source: string): string[] | undefined {
  const runs: string[] = [];
  let run = '';
  for (let index = 0; index < source.length;) {
    const [piece] = PIECE.exec(source.slice(index)) ?? [];
    const skipped = piece ?? skipGroup(source, index);
    if (skipped === undefined) return undefined;
    index += skipped.length;
    if (LITERAL.test(skipped)) {
      run += skipped.at(-1);
      continue;
    }
    // What `*`, `?` and `{…}` stand behind may be missing.
    runs.push(/^[*?{]/.test(skipped) ? run.slice(0, -1) : run);
    run = '';
  }
  return [...runs, run];
}

/** A piece at the start: a class, an escape that isn't a reference or a code, a quantifier, `.` `^` `$`, a character. */
const PIECE =
  /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[^\w\s]|[dDwWsSbBnrtfv])|\{\d+(?:,\d*)?\}|[*?+.^$]|[^()|\]{}[\\])/s;
const LITERAL = /^(?:\\[^\w\s]|[^*?+.^$[{\\(])$/s;

/** A whole group, with those inside it; `undefined` where none begins. */
function skipGroup(source: string, start: number): string | undefined {
  if (source[start] !== '(') return undefined;
  let depth = 0;
  for (const match of source.slice(start).matchAll(BRACKETS)) {
    if (match[0] === '(') depth += 1;
    else if (match[0] === ')') depth -= 1;
    if (depth === 0) return source.slice(start, start + match.index + 1);
  }
  return undefined;
}

const BRACKETS = /\\.|\[(?:\\.|[^\]\\])*\]|[()]/gs;
