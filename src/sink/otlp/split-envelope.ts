import { findElements, findMembers } from '../../otlp/json-bytes.ts';
import type { JsonPlace } from '../../otlp/json-bytes.ts';
import type { Signal } from './signal.ts';

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
  for (const resource of findList(line, { from: 0, key: signal.resources }).elements) {
    const scopes = findList(line, { from: resource.start, key: signal.scopes });
    for (const scope of scopes.elements) {
      const list = findList(line, { from: scope.start, key: signal.items });
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

interface List {
  /** Behind its `[`. */
  readonly start: number;
  /** At its `]`. */
  readonly end: number;
  readonly elements: readonly JsonPlace[];
}

/** The list that an object has under a key. */
function findList(line: Buffer, { from, key }: { from: number; key: string }): List {
  const wanted = Buffer.from(key);
  for (const { key: found, value } of findMembers(line, from)) {
    if (!found.equals(wanted)) continue;
    const elements = [...findElements(line, value.start)];
    return { start: value.start + 1, end: value.end - 1, elements };
  }
  throw new SyntaxError(`there is no ${key}`);
}
