import type { Field, Message, ScalarType } from './schema.ts';
import { ByteReader } from './byte-reader.ts';
import { ProtobufError } from './protobuf-error.ts';

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 100;
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Protobuf as an OTLP/JSON object: IDs in hex, 64-bit integers as decimal strings, NaN and infinities as strings. Fields
 * that the schema doesn't have are passed over.
 * @throws {ProtobufError} for what isn't protobuf of that schema
 */
export function decodeProtobuf(bytes: Buffer, schema: Message): Record<string, unknown> {
  return readMessage(new ByteReader(bytes), schema, 0);
}

function readMessage(reader: ByteReader, schema: Message, depth: number): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new ProtobufError(`nested deeper than ${MAX_DEPTH}`);
  const json: Record<string, unknown> = {};
  while (!reader.isAtEnd) {
    const tag = reader.varint32();
    const wireType = tag & 7;
    const field = schema.byNumber.get(tag >>> 3);
    if (field === undefined) skip(reader, wireType);
    else readField(reader, { field, wireType, json, depth });
  }
  return json;
}

interface FieldPlace {
  readonly field: Field;
  readonly wireType: number;
  readonly json: Record<string, unknown>;
  readonly depth: number;
}

function readField(reader: ByteReader, { field, wireType, json, depth }: FieldPlace): void {
  const { name, type, isRepeated } = field;
  const list = isRepeated ? ((json[name] ??= []) as unknown[]) : undefined;
  if (typeof type !== 'string') {
    const value = readMessage(reader.delimited(), type(), depth + 1);
    if (list === undefined) json[name] = value;
    else list.push(value);
  } else if (list !== undefined && wireType === BYTES && !isDelimited(type)) {
    const packed = reader.delimited();
    while (!packed.isAtEnd) list.push(readScalar(packed, type));
  } else {
    const value = readScalar(reader, type);
    if (list === undefined) json[name] = value;
    else list.push(value);
  }
}

function isDelimited(type: ScalarType): boolean {
  return type === 'string' || type === 'bytes' || type === 'id';
}

function readScalar(reader: ByteReader, type: ScalarType): unknown {
  switch (type) {
    case 'string':
      return reader.bytes().toString('utf8');
    case 'bytes':
      return reader.bytes().toString('base64');
    case 'id':
      return reader.bytes().toString('hex');
    case 'bool':
      return reader.varint64() !== 0n;
    case 'double':
      return toJsonNumber(reader.double());
    case 'fixed32':
      return reader.fixed32();
    case 'fixed64':
      return reader.fixed64().toString();
    case 'sfixed64':
      return BigInt.asIntN(64, reader.fixed64()).toString();
    case 'int64':
      return BigInt.asIntN(64, reader.varint64()).toString();
    case 'uint64':
      return reader.varint64().toString();
    case 'int32':
      return Number(BigInt.asIntN(32, reader.varint64()));
    case 'uint32':
      return Number(BigInt.asUintN(32, reader.varint64()));
    default:
      return unzigzag(reader.varint32());
  }
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

function toJsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function skip(reader: ByteReader, wireType: number): void {
  if (wireType === VARINT) reader.varint64();
  else if (wireType === FIXED64) reader.fixed64();
  else if (wireType === BYTES) reader.bytes();
  else if (wireType === FIXED32) reader.fixed32();
  else throw new ProtobufError(`wire type ${wireType}`);
}
