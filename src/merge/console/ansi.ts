// CSI, OSC, escapes with intermediate bytes, and the two-byte escapes (ECMA-48). Every part is bounded or a single class, so
// a match is linear.
const ESCAPES =
  /\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]{1,4}[0-~]|[@-Z\\-_])/g;

/** The text without colours, cursor movements and titles. */
export function stripEscapes(text: string): string {
  return text.includes('\x1b') ? text.replace(ESCAPES, '') : text;
}

/** Where in a raw text the character stands that is at `index` in the text without its escapes, escapes right before it included. */
export function toRawIndex(raw: string, index: number): number {
  let left = index;
  let end = 0;
  for (const escape of raw.matchAll(ESCAPES)) {
    const length = escape.index - end;
    if (length >= left) break;
    left -= length;
    end = escape.index + escape[0].length;
  }
  return end + left;
}
