import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ProtobufError } from './protobuf-error.ts';
import { SCALARS, decodeBytes } from './scalars.ts';
import type { Field, Message } from './schema.ts';

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 100;

/**
 * Protobuf as an OTLP/JSON object: IDs in hex, 64-bit integers as decimal strings, NaN and infinities as strings. Fields
 * that the schema doesn't have are passed over.
 * @throws {ProtobufError} for what isn't protobuf of that schema, or holds more values than `maxValues`
 */
export function decodeProtobuf(
  bytes: Buffer,
  schema: Message,
  maxValues = Infinity,
): Record<string, unknown> {
  const reader = new BinaryReader(bytes, (text) => decodeBytes(text, 'utf8'));
  const room = { values: maxValues };
  return orProtobufError(() =>
    readMessage(reader, { message: schema, end: reader.len, depth: 0, room }),
  );
}

/** The texts or messages that a message has under a field's number, undecoded. @throws {ProtobufError} */
export function* findFields(bytes: Buffer, number: number): Generator<Buffer> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const found = orProtobufError(() => findField(reader, number));
    if (found !== undefined) yield bytes.subarray(found.start, found.end);
  }
}

/** Goes on behind the next field; gives where it is when it is the one that is looked for. */
function findField(
  reader: BinaryReader,
  number: number,
): { readonly start: number; readonly end: number } | undefined {
  const [found, wireType] = reader.tag();
  if (found !== number) {
    reader.skip(wireType, found);
    return undefined;
  }
  expectWireType(wireType, WireType.LengthDelimited);
  const end = readEnd(reader);
  const start = reader.pos;
  reader.pos = end;
  return { start, end };
}

function orProtobufError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ProtobufError ? error : new ProtobufError((error as Error).message);
  }
}

interface Place {
  readonly message: Message;
  readonly end: number;
  readonly depth: number;
  /** How many more values may be read. */
  readonly room: { values: number };
}

function readMessage(
  reader: BinaryReader,
  { message, end, depth, room }: Place,
): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new ProtobufError(`nested deeper than ${MAX_DEPTH}`);
  const json: Record<string, unknown> = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = message.byNumber.get(number);
    if (field === undefined) reader.skip(wireType, number);
    else readField(reader, { field, wireType, json, depth, room });
  }
  if (reader.pos > end) throw new ProtobufError('a field goes beyond the end of its message');
  return json;
}

interface FieldPlace {
  readonly field: Field;
  readonly wireType: WireType;
  readonly json: Record<string, unknown>;
  readonly depth: number;
  readonly room: { values: number };
}

function readField(reader: BinaryReader, place: FieldPlace): void {
  const { field, wireType, json, depth, room } = place;
  const { name, type, isRepeated } = field;
  const add = (value: unknown): void => {
    room.values -= 1;
    if (room.values < 0) throw new ProtobufError('it holds too many values');
    if (isRepeated) ((json[name] ??= []) as unknown[]).push(value);
    else json[name] = value;
  };
  if (typeof type !== 'string') {
    expectWireType(wireType, WireType.LengthDelimited);
    const end = readEnd(reader);
    return add(readMessage(reader, { message: type(), end, depth: depth + 1, room }));
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
