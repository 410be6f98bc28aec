import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findElements, findMembers, findValue, skipSpace } from '../../src/otlp/json-bytes.ts';
import { encodeProtobuf } from '../../src/otlp/protobuf/encode.ts';
import { openJsonRequest, openProtobufRequest } from '../../src/otlp/request-part.ts';
import type { Json, RequestPart } from '../../src/otlp/request-part.ts';
import { readPieces } from '../../src/otlp/request-pieces.ts';
import { OTLP_SIGNALS } from '../../src/otlp/signal.ts';

const LOGS = OTLP_SIGNALS.find(({ name }) => name === 'logs')!;

/** Every item of a request with what is around it, however it is cut in pieces. */
function readItems(request: RequestPart): { items: object[]; unreadableCount: number } {
  const items: object[] = [];
  let unreadableCount = 0;
  for (const piece of readPieces(request, LOGS)) {
    unreadableCount += piece.unreadableCount;
    for (const { resource, schemaUrl, scopeLogs } of toList(piece.json['resourceLogs'])) {
      for (const { scope, logRecords } of toList(scopeLogs)) {
        for (const item of toList(logRecords)) items.push({ resource, schemaUrl, scope, item });
      }
    }
  }
  return { items, unreadableCount };
}

function toList(value: unknown): Json[] {
  return (value ?? []) as Json[];
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const attributes = fc.array(fc.record({ key: text, value: fc.record({ stringValue: text }) }), {
  minLength: 1,
  maxLength: 3,
});
const record = fc.record({ severityText: text, attributes });
const request = fc.record({
  resourceLogs: fc.array(
    fc.record({
      schemaUrl: text,
      resource: fc.record({ attributes }),
      scopeLogs: fc.array(
        fc.record({ scope: fc.record({ name: text }), logRecords: fc.array(record) }),
      ),
    }),
    { maxLength: 4 },
  ),
});

function toItems(json: Json): object[] {
  return toList(json['resourceLogs']).flatMap(({ resource, schemaUrl, scopeLogs }) =>
    toList(scopeLogs).flatMap(({ scope, logRecords }) =>
      toList(logRecords).map((item) => ({ resource, schemaUrl, scope, item })),
    ),
  );
}

test('a request is the same in pieces as whole, in JSON, however it is spaced, and in protobuf', () => {
  fc.assert(
    fc.property(request, fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
      const whole = { items: toItems(json), unreadableCount: 0 };
      const body = Buffer.from(JSON.stringify(json, undefined, indent));
      expect(readItems(openJsonRequest(body))).toEqual(whole);
      const bytes = encodeProtobuf(json, LOGS.request);
      expect(readItems(openProtobufRequest(bytes, LOGS.request))).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

test('the order of members does not matter', () => {
  const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}}],"scope":{"name":"a"}}],"resource":{"x":1}}]}`;
  expect(readItems(openJsonRequest(Buffer.from(body))).items).toEqual([
    { resource: { x: 1 }, schemaUrl: undefined, scope: { name: 'a' }, item: { body: {} } },
  ]);
});

test('many items come in many pieces, all of them, in their order', () => {
  const logRecords = Array.from({ length: 25_000 }, (_, index) => ({ severityText: `${index}` }));
  const json = { resourceLogs: [{ scopeLogs: [{ logRecords }] }] };
  for (const part of [
    openJsonRequest(Buffer.from(JSON.stringify(json))),
    openProtobufRequest(encodeProtobuf(json, LOGS.request), LOGS.request),
  ]) {
    const pieces = [...readPieces(part, LOGS)];
    expect(pieces.length).toBeGreaterThan(2);
    const items = pieces.flatMap(({ json: piece }) => toItems(piece));
    expect(items.map((each) => (each as { item: object }).item)).toEqual(logRecords);
  }
});

test.each([
  ['nested too deep', `{"body":${'{"arrayValue":{"values":['.repeat(80)}${']}}'.repeat(80)}}`],
  ['too many values', `{"attributes":[${'{},'.repeat(300_000)}{}]}`],
  ['no object', '5'],
  ['JSON', '{"severityNumber":09}'],
])('an item is left out for its own fault, the others are not: %s', (reason, item) => {
  const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"a":1},${item},{"b":2}]}]}]}`;
  const pieces = [...readPieces(openJsonRequest(Buffer.from(body)), LOGS)];
  expect(pieces.filter(({ unreadableCount }) => unreadableCount > 0)).toMatchObject([
    { unreadableCount: 1, reason: expect.stringContaining(reason) },
  ]);
  expect(pieces.flatMap(({ json }) => toItems(json))).toMatchObject([
    { item: { a: 1 } },
    { item: { b: 2 } },
  ]);
});

test('items of a resource that cannot be read are left out with it', () => {
  const broken = `{"resource":{"a":09},"scopeLogs":[{"logRecords":[{},{}]}]}`;
  const body = `{"resourceLogs":[${broken},{"scopeLogs":[{"logRecords":[{"b":2}]}]}]}`;
  const [piece] = [...readPieces(openJsonRequest(Buffer.from(body)), LOGS)];
  expect(piece!.unreadableCount).toBe(2);
  expect(toItems(piece!.json)).toMatchObject([{ item: { b: 2 } }]);
});

test('any bytes are read or refused, and nothing else', () => {
  const pieces = ['{', '}', '[', ']', '"', ',', ':', '\\', ' ', '1', 'a', '"resourceLogs"'];
  const json = fc.array(fc.constantFrom(...pieces)).map((parts) => Buffer.from(parts.join('')));
  const bytes = fc.uint8Array().map((array) => Buffer.from(array));
  const openers: readonly ((body: Buffer) => RequestPart)[] = [
    openJsonRequest,
    (body) => openProtobufRequest(body, LOGS.request),
  ];
  fc.assert(
    fc.property(fc.oneof(json, bytes), fc.constantFrom(...openers), (body, open) => {
      try {
        readItems(open(body));
      } catch (error) {
        expect((error as Error).name).toMatch(/SyntaxError|ProtobufError/);
      }
    }),
    { numRuns: 4000 },
  );
});

test('places in a JSON text are where its values are', () => {
  const nested = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(text, fc.jsonValue()));
  fc.assert(
    fc.property(nested, fc.constantFrom(undefined, 2), (value, indent) => {
      const written = `\n ${JSON.stringify(value, undefined, indent)} `;
      const json = JSON.parse(written) as object; // without its negative zeros
      const bytes = Buffer.from(written);
      const place = findValue(bytes, skipSpace(bytes, 0));
      const parse = ({ start, end }: { start: number; end: number }): unknown =>
        JSON.parse(bytes.toString('utf8', start, end));
      expect(parse(place)).toEqual(json);
      if (Array.isArray(json)) {
        expect([...findElements(bytes, place.start)].map(parse)).toEqual(json);
        return;
      }
      const members = [...findMembers(bytes, place.start)].map(({ key, value }) => [
        JSON.parse(`"${key.toString('utf8')}"`) as string,
        parse(value),
      ]);
      expect(members).toEqual(Object.entries(json));
    }),
    { numRuns: 500 },
  );
});
