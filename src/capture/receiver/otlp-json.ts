import type { Attributes, AttributeValue } from '../../model/pipeline.ts';

/** An object of a request, of which nothing is known but that it is one. */
export type Json = Readonly<Record<string, unknown>>;

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 50;
const MAX_ATTRIBUTES = 256;

export function toList(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item) : [];
}

export function toObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

export function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An enum's number; 0 for what is none. */
export function toEnum(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : 0;
}

/** Nanoseconds since 1970, which are strings in OTLP/JSON; numbers are taken too. `undefined` for none, or 0. */
export function toNanos(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^[1-9]\d{0,19}$/.test(text) ? text : undefined;
}

/** An ID in lower-case hex; `undefined` for what is none, or all zero. */
export function toId(value: unknown, length: 16 | 32): string | undefined {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text.length === length && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text)
    ? text
    : undefined;
}

/** A list of OTLP's key-value pairs. */
export function toAttributes(list: unknown): Attributes {
  const attributes: Attributes = {};
  for (const { key, value } of toList(list).slice(0, MAX_ATTRIBUTES)) {
    const parsed = toValue(toObject(value));
    if (typeof key === 'string' && key !== '' && parsed !== undefined) attributes[key] = parsed;
  }
  return attributes;
}

/** An OTLP `AnyValue` as an attribute's value; what an attribute can't be, as its JSON. */
export function toValue(value: Json): AttributeValue | undefined {
  if (Array.isArray(toObject(value['arrayValue'])['values'])) return toArray(value);
  const plain = toPlain(value, 0);
  if (plain === undefined || typeof plain !== 'object') return plain as AttributeValue;
  return plain instanceof Uint8Array ? plain : JSON.stringify(plain);
}

function toArray(value: Json): AttributeValue {
  const items = toPlain(value, 0) as unknown[];
  const [first] = items;
  const isOfOneKind =
    typeof first !== 'object' && items.every((item) => typeof item === typeof first);
  return isOfOneKind ? (items as string[]) : JSON.stringify(items);
}

function toPlain(value: Json, depth: number): unknown {
  const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } =
    value;
  if (typeof stringValue === 'string') return stringValue;
  if (typeof boolValue === 'boolean') return boolValue;
  if (intValue !== undefined) return toInteger(intValue);
  if (typeof doubleValue === 'number' || typeof doubleValue === 'string')
    return Number(doubleValue);
  if (typeof bytesValue === 'string') return Buffer.from(bytesValue, 'base64');
  if (depth >= MAX_DEPTH) return undefined;
  if (arrayValue !== undefined)
    return toList(toObject(arrayValue)['values']).map((item) => toPlain(item, depth + 1) ?? '');
  if (kvlistValue === undefined) return undefined;
  const pairs = toList(toObject(kvlistValue)['values']);
  return Object.fromEntries(
    pairs.map((pair) => [String(toText(pair['key'])), toPlain(toObject(pair['value']), depth + 1)]),
  );
}

/** Larger than JavaScript's exact integers it stays the text that it was. */
function toInteger(value: unknown): number | string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
