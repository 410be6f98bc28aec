/**
 * Places in a JSON text that isn't parsed: a request or a line is taken apart as it stands, whatever it holds. Nothing here
 * goes deeper with the text's nesting, so no text reaches the end of the stack.
 */

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** A value in a JSON text. */
export interface JsonPlace {
  readonly start: number;
  /** Behind it. */
  readonly end: number;
  /** How deep its lists and objects are in each other; 0 for a scalar. */
  readonly depth: number;
  /** How many values are in it, or fewer: each list and object, and each comma, is one. */
  readonly size: number;
}

/** The value at a place, which isn't checked beyond its brackets and strings. @throws {SyntaxError} when it has no end */
export function findValue(text: Buffer, start: number): JsonPlace {
  let at = start;
  let depth = 0;
  let deepest = 0;
  let size = 0;
  for (;;) {
    const byte = text[at];
    if (byte === undefined) throw new SyntaxError('it ends in the middle');
    if (byte === QUOTE) {
      at = skipString(text, at);
      if (depth === 0) break;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      size += 1;
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth <= 1) {
        at += depth;
        break;
      }
      depth -= 1;
    } else if (byte === COMMA) {
      if (depth === 0) break;
      size += 1;
    }
    at += 1;
  }
  if (at === start) throw new SyntaxError(`expected a value at byte ${at}`);
  return { start, end: at, depth: deepest, size };
}

/** The members of the object at a place. @throws {SyntaxError} where it isn't one */
export function* findMembers(
  text: Buffer,
  start: number,
): Generator<{ readonly key: Buffer; readonly value: JsonPlace }> {
  let at = skipSpace(text, expectByte(text, start, OPEN_OBJECT));
  while (text[at] !== CLOSE_OBJECT) {
    const keyEnd = skipString(text, expectByte(text, at, QUOTE) - 1);
    const valueStart = skipSpace(text, expectByte(text, skipSpace(text, keyEnd), COLON));
    const value = findValue(text, valueStart);
    yield { key: text.subarray(at + 1, keyEnd - 1), value };
    at = skipComma(text, value.end, CLOSE_OBJECT);
  }
}

/** The elements of the list at a place. @throws {SyntaxError} where it isn't one */
export function* findElements(text: Buffer, start: number): Generator<JsonPlace> {
  let at = skipSpace(text, expectByte(text, start, OPEN_LIST));
  while (text[at] !== CLOSE_LIST) {
    const value = findValue(text, at);
    yield value;
    at = skipComma(text, value.end, CLOSE_LIST);
  }
}

/** Whether a list is at a place. */
export function isListAt(text: Buffer, at: number): boolean {
  return text[at] === OPEN_LIST;
}

export function skipSpace(text: Buffer, from: number): number {
  let at = from;
  while (isSpace(text[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}

function skipString(text: Buffer, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === BACKSLASH) at += 1;
    else if (text[at] === QUOTE) return at + 1;
  }
  throw new SyntaxError('a string has no end');
}

/** To the next member or element, or the closing bracket: one of the two has to be there. */
function skipComma(text: Buffer, from: number, close: number): number {
  const at = skipSpace(text, from);
  if (text[at] === close) return at;
  const next = skipSpace(text, expectByte(text, at, COMMA));
  if (text[next] === close) throw new SyntaxError(`expected a value at byte ${next}`);
  return next;
}

/** The place behind a byte that has to be there. */
function expectByte(text: Buffer, at: number, byte: number): number {
  if (text[at] === byte) return at + 1;
  throw new SyntaxError(`expected ${String.fromCharCode(byte)} at byte ${at}`);
}
