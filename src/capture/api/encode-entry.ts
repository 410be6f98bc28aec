import { encodeString } from '../../otlp/json.ts';
import { cutText, toJson } from './attributes.ts';

/**
 * Inbox entries as text, written by hand: `JSON.stringify` of an entry object costs more than the rest of a record's way
 * (bench/logger.mjs). The shapes are those of model/inbox.ts.
 */

/** All attributes together: an entry has to stay far below the reader's 4 MiB. Texts beyond it are cut short. */
const MAX_ATTRIBUTES_LENGTH = 512 * 1024;
const MAX_NAME_LENGTH = 1024;
const SHORT_LENGTH = 256;

/** A name as JSON. */
export function encodeName(name: string): string {
  return encodeString(cutText(name, MAX_NAME_LENGTH));
}

/** Attributes as a JSON object. Values are the SDK's, or whatever another instrumentation got past it. */
export function encodeInboxAttributes(attributes: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined || value === null) continue;
    let encoded = encodeInboxValue(value);
    if (text.length + encoded.length > MAX_ATTRIBUTES_LENGTH) {
      const short = typeof value === 'string' ? value : encoded;
      encoded = encodeString(cutText(short, SHORT_LENGTH));
    }
    text += (text === '' ? '' : ',') + encodeKey(key) + encoded;
  }
  return `{${text}}`;
}

const keys = new Map<string, string>();
const MAX_KEYS = 1000;

/** A key and its colon. Programs have few keys, and use them over and over. */
function encodeKey(key: string): string {
  let encoded = keys.get(key);
  if (encoded === undefined) {
    encoded = `${encodeName(key)}:`;
    if (keys.size < MAX_KEYS) keys.set(key, encoded);
  }
  return encoded;
}

function encodeInboxValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return encodeString(value);
    case 'number':
      return encodeNumber(value);
    case 'boolean':
      return String(value);
    case 'object':
      return encodeObject(value);
    default:
      return encodeString(String(value));
  }
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) return `{"double":"${value}"}`;
  return Object.is(value, -0) ? '{"double":"-0"}' : String(value);
}

function encodeObject(value: object | null): string {
  if (value === null) return '""';
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `{"bytes":"${bytes.toString('base64')}"}`;
  }
  if (Array.isArray(value))
    return `[${value.map((item) => encodeInboxValue(item ?? '')).join(',')}]`;
  return encodeString(toJson(value));
}
