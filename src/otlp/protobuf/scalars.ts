import { WireType } from '@bufbuild/protobuf/wire';
import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { ScalarType } from './schema.ts';

/** How a scalar of OTLP/JSON is written to protobuf, and read from it. */
export interface Scalar {
  readonly wireType: WireType;
  /** @throws {TypeError} when the value isn't of the type */
  write(writer: BinaryWriter, value: unknown): void;
  read(reader: BinaryReader): unknown;
}

const { Varint, Bit32, Bit64, LengthDelimited } = WireType;

/** 64-bit integers are decimal strings in JSON, NaN and infinities too; bytes are base64, IDs hexadecimal. */
export const SCALARS: Readonly<Record<ScalarType, Scalar>> = {
  string: {
    wireType: LengthDelimited,
    write: (writer, value) => writer.string(toText(value)),
    read: (reader) => reader.string(),
  },
  bytes: toBytesScalar('base64'),
  id: toBytesScalar('hex'),
  bool: {
    wireType: Varint,
    write: (writer, value) => writer.bool(value === true || value === 'true'),
    read: (reader) => reader.bool(),
  },
  double: {
    wireType: Bit64,
    write: (writer, value) => writer.double(toNumber(value)),
    read: (reader) => toJsonNumber(reader.double()),
  },
  int32: {
    wireType: Varint,
    write: (writer, value) => writer.int32(toWhole(value)),
    read: (reader) => reader.int32(),
  },
  uint32: {
    wireType: Varint,
    write: (writer, value) => writer.uint32(toWhole(value)),
    read: (reader) => reader.uint32(),
  },
  sint32: {
    wireType: Varint,
    write: (writer, value) => writer.sint32(toWhole(value)),
    read: (reader) => reader.sint32(),
  },
  fixed32: {
    wireType: Bit32,
    write: (writer, value) => writer.fixed32(toWhole(value)),
    read: (reader) => reader.fixed32(),
  },
  int64: {
    wireType: Varint,
    write: (writer, value) => writer.int64(toBig(value, 'signed')),
    read: (reader) => String(reader.int64()),
  },
  uint64: {
    wireType: Varint,
    write: (writer, value) => writer.uint64(toBig(value, 'unsigned')),
    read: (reader) => String(reader.uint64()),
  },
  fixed64: {
    wireType: Bit64,
    write: (writer, value) => writer.fixed64(toBig(value, 'unsigned')),
    read: (reader) => String(reader.fixed64()),
  },
  sfixed64: {
    wireType: Bit64,
    write: (writer, value) => writer.sfixed64(toBig(value, 'signed')),
    read: (reader) => String(reader.sfixed64()),
  },
};

function toBytesScalar(encoding: 'base64' | 'hex'): Scalar {
  return {
    wireType: LengthDelimited,
    write: (writer, value) => writer.bytes(Buffer.from(toText(value), encoding)),
    read: (reader) => decodeBytes(reader.bytes(), encoding),
  };
}

/** Without the copy that `Buffer.from(bytes)` is. */
export function decodeBytes(bytes: Uint8Array, encoding: BufferEncoding): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding);
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

function toJsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function toWhole(value: unknown): number {
  const number = toNumber(value);
  if (Number.isInteger(number)) return number;
  throw new TypeError(`expected a whole number, got ${JSON.stringify(value)}`);
}

/** What doesn't fit 64 bits keeps its lowest, as every other writer has it. */
function toBig(value: unknown, sign: 'signed' | 'unsigned'): bigint {
  const big = tryBig(value);
  if (big === undefined) {
    throw new TypeError(`expected a whole number, got ${JSON.stringify(value)}`);
  }
  return sign === 'signed' ? BigInt.asIntN(64, big) : BigInt.asUintN(64, big);
}

function tryBig(value: unknown): bigint | undefined {
  try {
    return typeof value === 'string' && value.trim() === '' ? undefined : BigInt(value as string);
  } catch {
    return undefined;
  }
}
