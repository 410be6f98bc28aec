// CSI, OSC, and the two-byte escapes (ECMA-48). Every part is bounded or a single class, so a match is linear.
const ESCAPES =
  /\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** The text without colours, cursor movements and titles. */
export function stripEscapes(text: string): string {
  return text.includes('\x1b') ? text.replace(ESCAPES, '') : text;
}
