import type { UnixTime } from '../model/time.ts';
import { DOUBLE_ATTRIBUTES } from '../model/attributes.ts';

/**
 * OTLP/JSON as text, written by hand: `JSON.stringify` of an object tree costs more than the whole rest of a record's
 * way (see bench/). The format: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */

// Characters that JSON escapes, and lone surrogates, which JSON.stringify turns into \u escapes.
const NEEDS_ESCAPE = /[^\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]/;

/** A string as JSON. */
export function encodeString(text: string): string {
  return `"${escapeText(text)}"`;
}

/** A string as it stands between quotes in JSON. Where these are put on with what is around them there is less to join. */
export function escapeText(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

let lastSeconds = -1;
let lastSecondsText = '';

/** A time as the decimal string that OTLP/JSON uses, without its quotes. */
export function encodeTime(time: UnixTime): string {
  if (time[0] !== lastSeconds) {
    lastSeconds = time[0];
    lastSecondsText = String(time[0]);
  }
  return lastSecondsText + String(1_000_000_000 + time[1]).slice(1);
}

/** An OTLP `AnyValue`. NaN and infinities are strings, as protobuf's JSON mapping has them. */
export function encodeValue(value: unknown, asDouble = false): string {
  switch (typeof value) {
    case 'string':
      return `{"stringValue":"${escapeText(value)}"}`;
    case 'number':
      return encodeNumber(value, asDouble);
    case 'boolean':
      return `{"boolValue":${value}}`;
    case 'bigint':
      return `{"intValue":"${value}"}`;
    case 'object':
      return encodeObject(value, asDouble);
    default:
      return '{}';
  }
}

function encodeNumber(value: number, asDouble: boolean): string {
  if (!Number.isFinite(value)) return `{"doubleValue":"${value}"}`;
  if (!asDouble && Number.isSafeInteger(value)) return `{"intValue":"${value}"}`;
  return `{"doubleValue":${Object.is(value, -0) ? '-0.0' : value}}`;
}

function encodeObject(value: object | null, asDouble: boolean): string {
  if (value === null) return '{}';
  if (value instanceof Uint8Array) {
    return `{"bytesValue":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"}`;
  }
  if (Array.isArray(value)) {
    return `{"arrayValue":{"values":[${value.map((item) => encodeValue(item, asDouble)).join(',')}]}}`;
  }
  return `{"kvlistValue":{"values":[${encodeAttributes(value as Record<string, unknown>)}]}}`;
}

const keyTexts = new Map<string, string>();
const MAX_CACHED_KEYS = 1000;

/** `{"key":…,"value":…}` of one attribute. */
export function encodeAttribute(key: string, value: unknown): string {
  let keyText = keyTexts.get(key);
  if (keyText === undefined) {
    keyText = `{"key":${encodeString(key)},"value":`;
    if (keyTexts.size < MAX_CACHED_KEYS) keyTexts.set(key, keyText);
  }
  if (typeof value === 'string') return `${keyText}{"stringValue":"${escapeText(value)}"}}`;
  return `${keyText}${encodeValue(value, DOUBLE_ATTRIBUTES.has(key))}}`;
}

/** Attributes, comma separated, without the brackets around them; those that are undefined are left out. */
export function encodeAttributes(attributes: Record<string, unknown>): string {
  let text = '';
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    text += (text === '' ? '' : ',') + encodeAttribute(key, value);
  }
  return text;
}
