import { findElements, findMembers, findValue, isListAt, skipSpace } from './json-bytes.ts';
import type { JsonPlace } from './json-bytes.ts';
import { decodeProtobuf, findFields } from './protobuf/decode.ts';
import type { Message } from './protobuf/schema.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A message of a request, of which nothing is decoded until it is asked for: a request is never there as a whole. */
export interface RequestPart {
  readonly byteCount: number;
  /** The messages that it has under a name, one by one. @throws where its bytes aren't what they should be */
  list(name: string): Iterable<RequestPart>;
  /** The text or message that it has under a name, decoded. @throws as {@link RequestPart.decode} */
  read(name: string): unknown;
  /** All of it, as OTLP/JSON. @throws where it can't be decoded, nests too deep or holds too many values */
  decode(): Json;
}

/** Attributes, points, events, each with what is in it: far more than an SDK or a tool sends in one item. */
const MAX_VALUES = 250_000;
/** Brackets in brackets. A value that nests 50 deep, as protobuf may have it, has 150. */
const MAX_DEPTH = 200;

/** @throws {SyntaxError} when it is no JSON object */
export function openJsonRequest(body: Buffer): RequestPart {
  const place = findValue(body, skipSpace(body, 0));
  if (skipSpace(body, place.end) < body.length) throw new SyntaxError('more stands behind it');
  return new JsonPart(body, place);
}

export function openProtobufRequest(body: Buffer, message: Message): RequestPart {
  return new ProtobufPart(body, message);
}

class JsonPart implements RequestPart {
  readonly #text: Buffer;
  readonly #place: JsonPlace;

  constructor(text: Buffer, place: JsonPlace) {
    this.#text = text;
    this.#place = place;
  }

  get byteCount(): number {
    return this.#place.end - this.#place.start;
  }

  *list(name: string): Generator<RequestPart> {
    const place = this.#find(name);
    if (place === undefined || !isListAt(this.#text, place.start)) return;
    for (const element of findElements(this.#text, place.start)) {
      yield new JsonPart(this.#text, element);
    }
  }

  read(name: string): unknown {
    const place = this.#find(name);
    return place === undefined ? undefined : this.#parse(place);
  }

  decode(): Json {
    const json = this.#parse(this.#place);
    if (typeof json === 'object' && json !== null) return json as Json;
    throw new SyntaxError('it is no object');
  }

  #find(name: string): JsonPlace | undefined {
    const wanted = Buffer.from(name);
    for (const { key, value } of findMembers(this.#text, this.#place.start)) {
      if (key.equals(wanted)) return value;
    }
    return undefined;
  }

  #parse({ start, end, depth, size }: JsonPlace): unknown {
    if (depth > MAX_DEPTH) throw new SyntaxError('it is nested too deep');
    if (size > MAX_VALUES) throw new SyntaxError('it holds too many values');
    return JSON.parse(this.#text.toString('utf8', start, end));
  }
}

class ProtobufPart implements RequestPart {
  readonly #bytes: Buffer;
  readonly #message: Message;

  constructor(bytes: Buffer, message: Message) {
    this.#bytes = bytes;
    this.#message = message;
  }

  get byteCount(): number {
    return this.#bytes.length;
  }

  *list(name: string): Generator<RequestPart> {
    const { number, type } = this.#message.byName.get(name)!;
    if (typeof type === 'string') return;
    for (const bytes of findFields(this.#bytes, number)) yield new ProtobufPart(bytes, type());
  }

  read(name: string): unknown {
    const { number, type } = this.#message.byName.get(name)!;
    for (const bytes of findFields(this.#bytes, number)) {
      return typeof type === 'string'
        ? bytes.toString('utf8')
        : decodeProtobuf(bytes, type(), MAX_VALUES);
    }
    return undefined;
  }

  decode(): Json {
    return decodeProtobuf(this.#bytes, this.#message, MAX_VALUES);
  }
}
