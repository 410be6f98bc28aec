import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { encodeProtobuf } from '../../otlp/protobuf/encode.ts';
import { RPC_STATUS } from '../../otlp/protobuf/schema.ts';
import type { Message } from '../../otlp/protobuf/schema.ts';
import { readBody } from './read-body.ts';
import { receive } from './receive.ts';
import { RefusedRequest } from './refused-request.ts';
import type { OtlpSignal } from '../../otlp/signal.ts';
import { SIGNALS, decodeRequest, parseContentType } from './signal.ts';
import type { Encoding } from './signal.ts';
import { TOKEN_HEADER } from './token-header.ts';

export interface ReceiverOptions {
  /** The run's own trace. */
  readonly traceId: string;
  readonly token: string;
  /** Has the entries on disk when it returns. @throws when the disk takes nothing */
  readonly append: (lines: string) => void;
}

/** Requests that are read at once: together they stay below what one may unpack to, some times over. */
const MAX_AT_ONCE = 4;
const REQUEST_TIMEOUT_MS = 30_000;

/** OTLP/HTTP in, for a run: what a request brings is on disk before it is answered. */
export function createReceiverServer({ traceId, token, append }: ReceiverOptions): Server {
  return createOtlpServer({
    token,
    take: (request, signal) => {
      const { lines, rejectedCount } = receive(request, signal, traceId);
      if (lines.length > 0) append(lines.join(''));
      return { rejectedCount, reason: 'without a valid ID, name or time, or larger than 3 MB' };
    },
  });
}

export interface OtlpServerOptions {
  /** Whoever sends has to know it; `undefined`: anybody may send. */
  readonly token: string | undefined;
  /** Takes a request, as OTLP/JSON: what it brings is on disk when it returns. @throws when the disk takes nothing */
  readonly take: (request: Readonly<Record<string, unknown>>, signal: OtlpSignal) => Taken;
}

/** What became of a request's items. */
export interface Taken {
  readonly rejectedCount: number;
  /** Why they were rejected, for whoever sent them. */
  readonly reason: string;
}

/** OTLP/HTTP in: JSON and protobuf, packed or not, bounded. */
export function createOtlpServer(options: OtlpServerOptions): Server {
  let atOnce = 0;
  const server = createServer((request, response) => {
    const isBusy = atOnce >= MAX_AT_ONCE;
    atOnce += 1;
    void answer(request, response, { ...options, isBusy }).finally(() => (atOnce -= 1));
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: OtlpServerOptions & { isBusy: boolean },
): Promise<void> {
  let encoding: Encoding = 'json';
  try {
    const signal = checkRequest(request, options);
    encoding = parseContentType(request.headers['content-type']);
    const { rejectedCount, reason } = await take(request, { signal, encoding, ...options });
    const partialSuccess = {
      [signal.rejected]: String(rejectedCount),
      errorMessage: reason,
    };
    reply(response, {
      status: 200,
      encoding,
      schema: signal.response,
      json: rejectedCount > 0 ? { partialSuccess } : {},
    });
  } catch (error) {
    refuse(response, { error, encoding });
  }
}

/** @throws {RefusedRequest} for a request that isn't read at all */
function checkRequest(
  request: IncomingMessage,
  { token, isBusy }: OtlpServerOptions & { isBusy: boolean },
): OtlpSignal {
  // Before all else: who has no token isn't told what there is.
  if (token !== undefined && !isSame(String(request.headers[TOKEN_HEADER] ?? ''), token))
    throw new RefusedRequest(401, `the header ${TOKEN_HEADER} is missing or wrong`);
  const signal = SIGNALS.get((request.url ?? '').split('?')[0]!);
  if (signal === undefined)
    throw new RefusedRequest(404, `OTLP/HTTP is at ${[...SIGNALS.keys()].join(', ')}`);
  if (request.method !== 'POST') throw new RefusedRequest(405, 'OTLP/HTTP is sent by POST');
  if (isBusy) throw new RefusedRequest(503, 'busy');
  return signal;
}

/** Takes as long whatever the difference is, the length too. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(hash(given), hash(token));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function take(
  request: IncomingMessage,
  how: OtlpServerOptions & { signal: OtlpSignal; encoding: Encoding },
): Promise<Taken> {
  const json = decodeRequest(await readBody(request), how.encoding, how.signal);
  try {
    return how.take(json, how.signal);
  } catch (error) {
    throw new RefusedRequest(503, `not written: ${(error as Error).message}`);
  }
}

function refuse(response: ServerResponse, how: { error: unknown; encoding: Encoding }): void {
  const { error, encoding } = how;
  const status = error instanceof RefusedRequest ? error.status : 400;
  const message = error instanceof Error ? error.message : 'unreadable';
  if (status === 503) response.setHeader('retry-after', '1');
  // What is left of a body that is too large isn't read.
  if (status !== 503) response.setHeader('connection', 'close');
  reply(response, { status, encoding, schema: RPC_STATUS, json: { message } });
}

interface Reply {
  readonly status: number;
  readonly encoding: Encoding;
  readonly schema: Message;
  readonly json: object;
}

function reply(response: ServerResponse, { status, encoding, schema, json }: Reply): void {
  const isJson = encoding === 'json';
  const body = isJson ? Buffer.from(JSON.stringify(json)) : encodeProtobuf(json, schema);
  response.writeHead(status, {
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    'content-length': body.length,
  });
  response.end(body);
}
