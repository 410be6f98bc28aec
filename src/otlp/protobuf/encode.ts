import type { Field, Message, ScalarType } from './schema.ts';
import { ByteWriter } from './byte-writer.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const WIRE_TYPES: Readonly<Record<ScalarType, number>> = {
  string: BYTES,
  bytes: BYTES,
  id: BYTES,
  bool: VARINT,
  double: FIXED64,
  int32: VARINT,
  uint32: VARINT,
  sint32: VARINT,
  fixed32: FIXED32,
  int64: VARINT,
  uint64: VARINT,
  fixed64: FIXED64,
  sfixed64: FIXED64,
};

/**
 * An OTLP/JSON object as protobuf. 64-bit integers may be strings or numbers, doubles the strings that protobuf's JSON
 * has for NaN and infinities; fields that the schema doesn't have are left out, as are values of another type.
 */
export function encodeProtobuf(json: unknown, schema: Message): Buffer {
  const writer = new ByteWriter();
  writeMessage(writer, json, schema);
  return writer.toBuffer();
}

function writeMessage(writer: ByteWriter, json: unknown, schema: Message): void {
  if (typeof json !== 'object' || json === null) return;
  for (const [name, value] of Object.entries(json)) {
    const field = schema.byName.get(name);
    if (field === undefined || value === undefined || value === null) continue;
    if (!field.isRepeated) writeField(writer, field, value);
    else if (Array.isArray(value)) writeRepeated(writer, field, value);
  }
}

function writeRepeated(writer: ByteWriter, field: Field, values: readonly unknown[]): void {
  const { type, number } = field;
  if (typeof type !== 'string' || WIRE_TYPES[type] === BYTES) {
    for (const value of values) writeField(writer, field, value);
  } else if (values.length > 0) {
    // Numbers are packed: one field with all of them.
    writer.tag(number, BYTES);
    writer.delimited(() => {
      for (const value of values) writeScalar(writer, type, value);
    });
  }
}

function writeField(writer: ByteWriter, { number, type }: Field, value: unknown): void {
  if (typeof type === 'string') {
    writer.tag(number, WIRE_TYPES[type]);
    writeScalar(writer, type, value);
  } else {
    writer.tag(number, BYTES);
    writer.delimited(() => writeMessage(writer, value, type()));
  }
}

function writeScalar(writer: ByteWriter, type: ScalarType, value: unknown): void {
  switch (type) {
    case 'string':
      return writer.string(String(value));
    case 'bytes':
      return writer.bytes(Buffer.from(String(value), 'base64'));
    case 'id':
      return writer.bytes(Buffer.from(String(value), 'hex'));
    case 'bool':
      return writer.varint(value === true ? 1n : 0n);
    case 'double':
      return writer.double(Number(value));
    case 'fixed32':
      return writer.fixed32(Number(value) >>> 0);
    case 'fixed64':
    case 'sfixed64':
      return writer.fixed64(toBigInt(value));
    case 'sint32':
      return writer.varint(BigInt.asUintN(64, zigzag(toBigInt(value))));
    default:
      return writer.varint(BigInt.asUintN(64, toBigInt(value)));
  }
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

/** 0 for what is no whole number. */
function toBigInt(value: unknown): bigint {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : 0n;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : 0n;
}
