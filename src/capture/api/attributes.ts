import type { Attributes, AttributeValue } from '../../model/pipeline.ts';

/**
 * Attributes as a user gives them: anything at all. Strings, finite and other numbers, booleans, and lists of one of these
 * are kept as they are. A bigint becomes a number where that is exact, else its decimal digits; a `Date` its ISO text; other
 * objects their JSON. `null`, `undefined` and functions are left out.
 */
// Not a record: an object of an interface type isn't assignable to that.
export type GivenAttributes = object;

/** Longer strings are cut: a log record has to fit what backends take (Loki refuses over 256 KB in all). */
export const MAX_VALUE_LENGTH = 32 * 1024;
const MAX_ATTRIBUTES = 128;
const MAX_LIST_LENGTH = 1000;

/** Attributes as the SDK takes them. Never throws: a getter that does is kept as what it threw. */
export function toAttributes(given: GivenAttributes | undefined): Attributes {
  const attributes: Attributes = {};
  if (typeof given !== 'object' || given === null) return attributes;
  let keys: string[];
  try {
    keys = Object.keys(given);
  } catch {
    return attributes; // a proxy that doesn't want to be looked at
  }
  if (keys.length > MAX_ATTRIBUTES) keys.length = MAX_ATTRIBUTES;
  for (const key of keys) {
    const value = readValue(given, key);
    if (value !== undefined && key !== '') attributes[key] = value;
  }
  return attributes;
}

function readValue(given: object, key: string): AttributeValue | undefined {
  try {
    return toValue((given as Readonly<Record<string, unknown>>)[key]);
  } catch (error) {
    return `[unreadable: ${describe(error)}]`;
  }
}

function toValue(value: unknown): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      return cutText(value);
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return toNumberOrText(value);
    case 'object':
      return value === null ? undefined : toObjectValue(value);
    case 'symbol':
      return String(value);
    default:
      return undefined;
  }
}

function toNumberOrText(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function toObjectValue(value: object): AttributeValue {
  if (value instanceof Uint8Array) return value;
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return cutText(`${value.name}: ${value.message}`);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return toListValue(value as unknown[]);
  return cutText(toJson(value));
}

/** A list of one kind of scalar is an OTLP array; any other list is JSON. */
function toListValue(list: ArrayLike<unknown>): AttributeValue {
  const items = Array.from({ length: Math.min(list.length, MAX_LIST_LENGTH) }, (_, index) => {
    const item = list[index];
    return typeof item === 'bigint' ? toNumberOrText(item) : item;
  });
  const kind = typeof items[0];
  const isScalar = kind === 'string' || kind === 'number' || kind === 'boolean';
  if (items.length > 0 && (!isScalar || items.some((item) => typeof item !== kind)))
    return cutText(toJson(items));
  return kind === 'string' ? items.map((item) => cutText(item as string)) : (items as number[]);
}

/** JSON of anything: cycles, bigints and numbers that JSON can't say are texts in it, and long lists are cut. */
export function toJson(value: unknown): string {
  const around: { readonly item: object; readonly shown: object }[] = [];
  const text = JSON.stringify(value, function (this: unknown, _key, item: unknown) {
    if (typeof item === 'bigint') return String(item);
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (typeof item !== 'object' || item === null) return item;
    // `this` is what holds the item: what lies behind it in the list isn't around the item.
    while (around.length > 0 && around.at(-1)!.shown !== this) around.pop();
    if (around.some((each) => each.item === item)) return '[circular]';
    const shown = toShown(item);
    around.push({ item, shown });
    return shown;
  });
  return text ?? String(value);
}

function toShown(item: object): object {
  if (item instanceof Map) return Object.fromEntries(item);
  if (item instanceof Set) return [...item].slice(0, MAX_LIST_LENGTH);
  return Array.isArray(item) && item.length > MAX_LIST_LENGTH
    ? item.slice(0, MAX_LIST_LENGTH)
    : item;
}

/** The beginning of a text, without half a surrogate pair at its end. */
export function cutText(text: string, maxLength = MAX_VALUE_LENGTH): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, isHalf ? maxLength - 1 : maxLength)}… (${text.length} characters)`;
}

function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'it throws';
  }
}
