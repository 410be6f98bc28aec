import { gzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../../src/capture/receiver/read-body.ts';
import { receive } from '../../../src/capture/receiver/receive.ts';
import { createReceiverServer } from '../../../src/capture/receiver/server.ts';
import { SIGNALS } from '../../../src/capture/receiver/signal.ts';
import { TOKEN_HEADER } from '../../../src/capture/receiver/token-header.ts';
import type { InboxEntry } from '../../../src/model/inbox.ts';
import { decodeProtobuf } from '../../../src/otlp/protobuf/decode.ts';
import { RPC_STATUS, TRACES_RESPONSE } from '../../../src/otlp/protobuf/schema.ts';

const TOKEN = 'a-token';
const RUN = 'ab'.repeat(16);

async function openServer(append?: (lines: string) => void) {
  const entries: InboxEntry[] = [];
  const take = (lines: string): void => {
    for (const line of lines.trimEnd().split('\n')) entries.push(JSON.parse(line) as InboxEntry);
  };
  const server = createReceiverServer({ traceId: RUN, token: TOKEN, append: append ?? take });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = (path: string, init: Sent = {}): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      body: '{}',
      ...init,
      headers: { 'content-type': 'application/json', [TOKEN_HEADER]: TOKEN, ...init.headers },
    });
  return { entries, send };
}

interface Sent extends RequestInit {
  readonly headers?: Record<string, string>;
}

const SPAN = {
  traceId: RUN,
  spanId: 'cd'.repeat(8),
  name: 'work',
  startTimeUnixNano: '1795734786000000000',
  endTimeUnixNano: '1795734787000000000',
};

function toRequest(...spans: object[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'x' }, spans }] }] });
}

test.each([
  ['no token', '/v1/traces', { headers: { [TOKEN_HEADER]: '' } }, 401],
  ['another token', '/v1/traces', { headers: { [TOKEN_HEADER]: 'a-tokem' } }, 401],
  ['a longer token', '/v1/traces', { headers: { [TOKEN_HEADER]: 'a-token2' } }, 401],
  ['another path', '/v2/traces', {}, 404],
  ['GET', '/v1/logs', { method: 'GET', body: null }, 405],
  ['another type', '/v1/logs', { headers: { 'content-type': 'text/plain' } }, 415],
  ['another encoding', '/v1/logs', { headers: { 'content-encoding': 'zstd' } }, 415],
  ['what is no gzip', '/v1/logs', { headers: { 'content-encoding': 'gzip' } }, 400],
  ['what is no JSON', '/v1/logs', { body: '{' }, 400],
  ['a list', '/v1/logs', { body: '"x"' }, 400],
] as const)('%s is refused', async (_what, path, init, status) => {
  const { send, entries } = await openServer();
  expect((await send(path, init as Sent)).status).toBe(status);
  expect(entries).toEqual([]);
});

test('bodies are bounded, packed and unpacked, and their senders are told', async () => {
  const { send } = await openServer();
  const large = await send('/v1/logs', { body: new Uint8Array(MAX_BODY_BYTES + 1) });
  expect(large.status).toBe(413);
  expect(await large.json()).toMatchObject({ message: expect.stringContaining('at most') });
  const bomb = gzipSync(Buffer.alloc(MAX_BODY_BYTES + 1, 0x20));
  const headers = { 'content-encoding': 'gzip' };
  const answer = await send('/v1/logs', { body: new Uint8Array(bomb), headers });
  expect(answer.status).toBe(413);
});

test('refusals and answers are in the encoding of the request', async () => {
  const { send } = await openServer();
  const headers = { 'content-type': 'application/x-protobuf' };
  const refused = await send('/v1/traces', { headers, body: new Uint8Array([0xff]) });
  expect(refused.status).toBe(400);
  expect(refused.headers.get('content-type')).toBe('application/x-protobuf');
  const status = decodeProtobuf(Buffer.from(await refused.arrayBuffer()), RPC_STATUS);
  expect(status['message']).toMatch(/not protobuf/);
  const taken = await send('/v1/traces', { headers, body: new Uint8Array() });
  expect(taken.status).toBe(200);
  expect(decodeProtobuf(Buffer.from(await taken.arrayBuffer()), TRACES_RESPONSE)).toEqual({});
});

test('a span without an ID or times is rejected, the others are taken', async () => {
  const { send, entries } = await openServer();
  const answer = await send('/v1/traces', {
    body: toRequest(
      { ...SPAN, spanId: '0'.repeat(16) },
      SPAN,
      { ...SPAN, traceId: 'xyz' },
      { ...SPAN, endTimeUnixNano: '0' },
    ),
  });
  expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedSpans: '3' } });
  expect(entries).toMatchObject([{ type: 'span', span: SPAN.spanId, name: 'work', scope: 'x' }]);
});

test('while the disk takes nothing the sender is asked to come again', async () => {
  const { send } = await openServer(() => {
    throw new Error('no space left on device');
  });
  const answer = await send('/v1/traces', { body: toRequest(SPAN) });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
});

test('any JSON is taken in or rejected item by item, and what is taken can be read', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 2 }),
      fc.record({ stringValue: fc.string() }),
      fc.record({ intValue: fc.oneof(fc.string(), fc.double()) }),
      fc.record({ arrayValue: fc.record({ values: fc.array(tie('any')) }) }),
    ),
  })).any;
  const attributes = fc.array(fc.record({ key: fc.oneof(fc.string(), fc.integer()), value }));
  const item = fc.record(
    {
      traceId: fc.oneof(fc.constant(RUN), fc.jsonValue({ maxDepth: 2 })),
      spanId: fc.oneof(fc.constant(SPAN.spanId), fc.jsonValue({ maxDepth: 2 })),
      startTimeUnixNano: fc.oneof(fc.constant('1'), fc.jsonValue({ maxDepth: 2 })),
      endTimeUnixNano: fc.oneof(fc.constant('2'), fc.jsonValue({ maxDepth: 2 })),
      name: fc.jsonValue({ maxDepth: 2 }),
      kind: fc.jsonValue({ maxDepth: 2 }),
      status: fc.jsonValue({ maxDepth: 2 }),
      severityNumber: fc.jsonValue({ maxDepth: 2 }),
      body: value,
      attributes,
      events: fc.oneof(fc.array(fc.record({ attributes })), fc.jsonValue({ maxDepth: 2 })),
      links: fc.oneof(fc.array(fc.record({ attributes })), fc.jsonValue({ maxDepth: 2 })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(item), attributes, (items, resource) => {
      for (const { resources, scopes, items: key, ...signal } of SIGNALS.values()) {
        const request = {
          [resources]: [{ resource: { attributes: resource }, [scopes]: [{ [key]: items }] }],
        };
        const { lines, rejectedCount } = receive(
          request,
          { resources, scopes, items: key, ...signal },
          RUN,
        );
        expect(lines.length + rejectedCount).toBe(items.length);
        for (const line of lines) expect(JSON.parse(line)).toHaveProperty('type');
      }
    }),
    { numRuns: 100 },
  );
});
