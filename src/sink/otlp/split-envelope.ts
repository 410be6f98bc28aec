import type { Signal } from './signal.ts';

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** One item of an envelope, and what stands around it: joined, they are an envelope with this item alone. */
export interface EnvelopeItem {
  readonly bytes: Buffer;
  /** The same object for the items of one scope. */
  readonly around: { readonly head: Buffer; readonly tail: Buffer };
}

/**
 * Takes an OTLP/JSON envelope apart, byte by byte as it stands: numbers that JavaScript can't hold stay as they are.
 * @throws {SyntaxError} when it isn't one
 */
export function splitEnvelope(line: Buffer, signal: Signal): EnvelopeItem[] {
  const items: EnvelopeItem[] = [];
  for (const resource of findElements(line, { from: 0, key: signal.resources }).elements) {
    const scopes = findElements(line, { from: resource.start, key: signal.scopes });
    for (const scope of scopes.elements) {
      const list = findElements(line, { from: scope.start, key: signal.items });
      const around = {
        head: Buffer.concat([
          Buffer.from(`{"${signal.resources}":[`),
          line.subarray(resource.start, scopes.start),
          line.subarray(scope.start, list.start),
        ]),
        tail: Buffer.concat([
          line.subarray(list.end, scope.end),
          line.subarray(scopes.end, resource.end),
          Buffer.from(']}'),
        ]),
      };
      for (const { start, end } of list.elements) {
        items.push({ bytes: line.subarray(start, end), around });
      }
    }
  }
  return items;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The elements of the list that an object has under a key; `start` is behind its `[`, `end` at its `]`. */
function findElements(
  line: Buffer,
  { from, key }: { from: number; key: string },
): Range & { readonly elements: readonly Range[] } {
  let at = expect(line, skipSpace(line, from), OPEN_OBJECT);
  while (line[at] !== CLOSE_OBJECT) {
    const keyEnd = skipValue(line, at);
    const isWanted = line.subarray(at + 1, keyEnd - 1).equals(Buffer.from(key));
    at = skipSpace(line, expect(line, skipSpace(line, keyEnd), COLON));
    if (isWanted) return readList(line, at);
    at = skipSpace(line, skipValue(line, at));
    if (line[at] === COMMA) at = skipSpace(line, at + 1);
  }
  throw new SyntaxError(`there is no ${key}`);
}

function readList(line: Buffer, from: number): Range & { readonly elements: readonly Range[] } {
  const start = expect(line, from, OPEN_LIST);
  const elements: Range[] = [];
  let at = skipSpace(line, start);
  while (line[at] !== CLOSE_LIST) {
    const end = skipValue(line, at);
    elements.push({ start: at, end });
    at = skipSpace(line, end);
    if (line[at] === COMMA) at = skipSpace(line, at + 1);
  }
  return { start, end: at, elements };
}

/** The place behind the value at a place. Flat, so that no nesting reaches the end of the stack. */
function skipValue(line: Buffer, from: number): number {
  let at = from;
  let depth = 0;
  for (;;) {
    const byte = line[at];
    if (byte === undefined) throw new SyntaxError('it ends in the middle');
    if (byte === QUOTE) {
      at = skipString(line, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth -= 1;
      if (depth < 0) return at;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && byte === COMMA) return at;
    at += 1;
  }
}

function skipString(line: Buffer, from: number): number {
  for (let at = from + 1; at < line.length; at += 1) {
    if (line[at] === BACKSLASH) at += 1;
    else if (line[at] === QUOTE) return at + 1;
  }
  throw new SyntaxError('a string has no end');
}

function skipSpace(line: Buffer, from: number): number {
  let at = from;
  while (line[at] === 0x20 || line[at] === 0x09 || line[at] === 0x0d) at += 1;
  return at;
}

/** The place behind a byte that has to be there. */
function expect(line: Buffer, at: number, byte: number): number {
  if (line[at] === byte) return at + 1;
  throw new SyntaxError(`expected ${String.fromCharCode(byte)} at byte ${at}`);
}
