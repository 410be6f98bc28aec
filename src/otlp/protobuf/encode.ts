import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { SCALARS } from './scalars.ts';
import type { Field, Message } from './schema.ts';

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 128;

/**
 * An OTLP/JSON object as protobuf. 64-bit integers may be strings or numbers, doubles the strings that protobuf's JSON
 * has for NaN and infinities; fields that the schema doesn't have are left out.
 * @throws {TypeError} when a value isn't of its field's type, with the field's name: nothing is sent that wasn't meant
 */
export function encodeProtobuf(json: unknown, schema: Message): Buffer {
  const writer = new BinaryWriter();
  writeMessage(json, { message: schema, writer, depth: 0 });
  const { buffer, byteOffset, byteLength } = writer.finish();
  return Buffer.from(buffer, byteOffset, byteLength);
}

interface Place {
  readonly message: Message;
  readonly writer: BinaryWriter;
  readonly depth: number;
}

function writeMessage(value: unknown, { message, writer, depth }: Place): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('expected an object');
  }
  if (depth > MAX_DEPTH) throw new TypeError(`nested deeper than ${MAX_DEPTH}`);
  const json = value as Readonly<Record<string, unknown>>;
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
  readonly writer: BinaryWriter;
  readonly depth: number;
}

function writeList(values: unknown, place: FieldPlace): void {
  if (!Array.isArray(values)) throw new TypeError('expected a list');
  const { field, writer } = place;
  const scalar = typeof field.type === 'string' ? SCALARS[field.type] : undefined;
  // Lists of numbers are packed: https://protobuf.dev/programming-guides/encoding/#packed
  const isPacked = scalar !== undefined && scalar.wireType !== WireType.LengthDelimited;
  if (!isPacked) {
    for (const value of values) writeField(value, place);
  } else if (values.length > 0) {
    writer.tag(field.number, WireType.LengthDelimited).fork();
    for (const value of values) scalar.write(writer, value);
    writer.join();
  }
}

function writeField(value: unknown, { field, writer, depth }: FieldPlace): void {
  const { type, number } = field;
  if (typeof type === 'string') {
    const scalar = SCALARS[type];
    writer.tag(number, scalar.wireType);
    scalar.write(writer, value);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  writeMessage(value, { message: type(), writer, depth: depth + 1 });
  writer.join();
}

/** The error, with the place that it was found at: `resourceLogs.scopeLogs.logRecords: …`. */
function at(name: string, error: unknown): TypeError {
  const { message } = error as Error;
  const isNamed = /^[\w.]+: /.test(message);
  return new TypeError(isNamed ? `${name}.${message}` : `${name}: ${message}`);
}
