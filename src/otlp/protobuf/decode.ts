import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ProtobufError } from './protobuf-error.ts';
import { SCALARS, decodeBytes } from './scalars.ts';
import type { Field, Message } from './schema.ts';

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 100;

/**
 * Protobuf as an OTLP/JSON object: IDs in hex, 64-bit integers as decimal strings, NaN and infinities as strings. Fields
 * that the schema doesn't have are passed over.
 * @throws {ProtobufError} for what isn't protobuf of that schema
 */
export function decodeProtobuf(bytes: Buffer, schema: Message): Record<string, unknown> {
  const reader = new BinaryReader(bytes, (text) => decodeBytes(text, 'utf8'));
  try {
    return readMessage(reader, { message: schema, end: reader.len, depth: 0 });
  } catch (error) {
    throw error instanceof ProtobufError ? error : new ProtobufError((error as Error).message);
  }
}

interface Place {
  readonly message: Message;
  readonly end: number;
  readonly depth: number;
}

function readMessage(
  reader: BinaryReader,
  { message, end, depth }: Place,
): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new ProtobufError(`nested deeper than ${MAX_DEPTH}`);
  const json: Record<string, unknown> = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = message.byNumber.get(number);
    if (field === undefined) reader.skip(wireType, number);
    else readField(reader, { field, wireType, json, depth });
  }
  if (reader.pos > end) throw new ProtobufError('a field goes beyond the end of its message');
  return json;
}

interface FieldPlace {
  readonly field: Field;
  readonly wireType: WireType;
  readonly json: Record<string, unknown>;
  readonly depth: number;
}

function readField(reader: BinaryReader, { field, wireType, json, depth }: FieldPlace): void {
  const { name, type, isRepeated } = field;
  const add = (value: unknown): void => {
    if (isRepeated) ((json[name] ??= []) as unknown[]).push(value);
    else json[name] = value;
  };
  if (typeof type !== 'string') {
    expectWireType(wireType, WireType.LengthDelimited);
    return add(readMessage(reader, { message: type(), end: readEnd(reader), depth: depth + 1 }));
  }
  const scalar = SCALARS[type];
  if (isRepeated && wireType !== scalar.wireType && wireType === WireType.LengthDelimited) {
    for (const end = readEnd(reader); reader.pos < end;) add(scalar.read(reader));
  } else {
    expectWireType(wireType, scalar.wireType);
    add(scalar.read(reader));
  }
}

/** Where what begins with its length ends. */
function readEnd(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new ProtobufError('a length beyond the end');
  return end;
}

function expectWireType(found: WireType, expected: WireType): void {
  if (found !== expected) throw new ProtobufError(`wire type ${found} where ${expected} belongs`);
}
