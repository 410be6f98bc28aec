import { BackwardWriter } from './backward-writer.ts';
import type { Field, Message, ScalarType } from './schema.ts';

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 128;
const [VARINT, FIXED64, DELIMITED, FIXED32] = [0, 1, 2, 5];

/**
 * An OTLP/JSON object as protobuf. 64-bit integers may be strings or numbers, doubles the strings that protobuf's JSON
 * has for NaN and infinities; fields that the schema doesn't have are left out.
 * @throws {TypeError} when a value isn't of its field's type, with the field's name: nothing is sent that wasn't meant
 */
export function encodeProtobuf(json: unknown, schema: Message): Buffer {
  const writer = new BackwardWriter();
  writeMessage(json, { message: schema, writer, depth: 0 });
  return writer.finish();
}

interface Place {
  readonly message: Message;
  readonly writer: BackwardWriter;
  readonly depth: number;
}

function writeMessage(value: unknown, { message, writer, depth }: Place): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('expected an object');
  }
  if (depth > MAX_DEPTH) throw new TypeError(`nested deeper than ${MAX_DEPTH}`);
  const json = value as Readonly<Record<string, unknown>>;
  // The fields come out in the opposite order, which protobuf doesn't mind.
  for (const name in json) {
    const item = json[name];
    const field = message.byName.get(name);
    if (field === undefined || item === undefined || item === null) continue;
    try {
      if (field.isRepeated) writeList(item, { field, writer, depth });
      else writeField(item, { field, writer, depth });
    } catch (error) {
      throw at(name, error);
    }
  }
}

interface FieldPlace {
  readonly field: Field;
  readonly writer: BackwardWriter;
  readonly depth: number;
}

function writeList(values: unknown, { field, writer, depth }: FieldPlace): void {
  if (!Array.isArray(values)) throw new TypeError('expected a list');
  const isPacked = isPackable(field.type);
  const before = writer.length;
  for (let index = values.length - 1; index >= 0; index -= 1) {
    if (isPacked) writeScalar(values[index], { type: field.type as ScalarType, writer });
    else writeField(values[index], { field, writer, depth });
  }
  if (!isPacked || values.length === 0) return;
  writer.varint(writer.length - before);
  writer.tag(field.number, DELIMITED);
}

function writeField(value: unknown, { field, writer, depth }: FieldPlace): void {
  const { type, number } = field;
  if (typeof type === 'string') {
    writer.tag(number, writeScalar(value, { type, writer }));
    return;
  }
  const before = writer.length;
  writeMessage(value, { message: type(), writer, depth: depth + 1 });
  writer.varint(writer.length - before);
  writer.tag(number, DELIMITED);
}

/** Gives the wire type; what has a length is written with it. */
function writeScalar(
  value: unknown,
  { type, writer }: { type: ScalarType; writer: BackwardWriter },
): number {
  switch (type) {
    case 'string':
      writer.varint(writer.text(toText(value)));
      return DELIMITED;
    case 'bytes':
    case 'id':
      return writeBytes(Buffer.from(toText(value), type === 'id' ? 'hex' : 'base64'), writer);
    case 'bool':
      writer.varint(value === true || value === 'true' ? 1 : 0);
      return VARINT;
    case 'uint32':
      writer.varint(toWhole(value) >>> 0);
      return VARINT;
    case 'sint32':
      writer.varint(((toWhole(value) << 1) ^ (toWhole(value) >> 31)) >>> 0);
      return VARINT;
    case 'int32':
    case 'int64':
    case 'uint64':
      return writeInteger(value, writer);
    case 'fixed32':
      writer.fixed32(toWhole(value));
      return FIXED32;
    case 'double':
      writer.double(toNumber(value));
      return FIXED64;
    default:
      writer.fixed64(toBig(value));
      return FIXED64;
  }
}

function writeBytes(bytes: Buffer, writer: BackwardWriter): number {
  writer.raw(bytes);
  writer.varint(bytes.length);
  return DELIMITED;
}

function writeInteger(value: unknown, writer: BackwardWriter): number {
  const small = Number(value);
  if (Number.isSafeInteger(small) && small >= 0 && value !== '') writer.varint(small);
  else writer.bigVarint(toBig(value));
  return VARINT;
}

function isPackable(type: Field['type']): boolean {
  return typeof type === 'string' && type !== 'string' && type !== 'bytes' && type !== 'id';
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`expected a text, got ${typeof value}`);
}

function toNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && (!Number.isNaN(number) || value === 'NaN')) return number;
  throw new TypeError(`expected a number, got ${JSON.stringify(value)}`);
}

function toWhole(value: unknown): number {
  const number = toNumber(value);
  if (Number.isInteger(number)) return number;
  throw new TypeError(`expected a whole number, got ${JSON.stringify(value)}`);
}

function toBig(value: unknown): bigint {
  try {
    if (typeof value === 'string' && value.trim() !== '') return BigInt(value);
    return BigInt(value as number);
  } catch {
    throw new TypeError(`expected a whole number, got ${JSON.stringify(value)}`);
  }
}

/** The error, with the place that it was found at: `resourceLogs.scopeLogs.logRecords: …`. */
function at(name: string, error: unknown): TypeError {
  const { message } = error as Error;
  const isNamed = /^[\w.]+: /.test(message);
  return new TypeError(isNamed ? `${name}.${message}` : `${name}: ${message}`);
}
