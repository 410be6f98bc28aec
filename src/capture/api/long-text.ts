/** A longer body becomes consecutive records: no more than 128 KiB of UTF-8 each. */
export const MAX_BODY_LENGTH = Math.floor((128 * 1024) / 3);

/** A text in pieces, none of which ends with half a surrogate pair. An empty one is one piece. */
export function* toParts(text: string): Generator<string> {
  if (text === '') yield text;
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + MAX_BODY_LENGTH, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}
