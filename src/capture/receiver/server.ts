import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { encodeProtobuf } from '../../otlp/protobuf/encode.ts';
import { RPC_STATUS } from '../../otlp/protobuf/schema.ts';
import type { Message } from '../../otlp/protobuf/schema.ts';
import type { Json } from '../../otlp/request-part.ts';
import type { OtlpSignal } from '../../otlp/signal.ts';
import { Gate } from './gate.ts';
import { readBody } from './read-body.ts';
import { receive } from './receive.ts';
import { RefusedRequest } from './refused-request.ts';
import { SIGNALS, decodeRequest, parseContentType } from './signal.ts';
import type { Decoding, Encoding } from './signal.ts';
import { TOKEN_HEADER } from './token-header.ts';

export interface ReceiverOptions {
  /** The run's own trace. */
  readonly traceId: string;
  readonly token: string;
  /** Has the entries on disk when it returns. @throws when the disk takes nothing */
  readonly append: (lines: string) => void;
}

/** A request that has waited is read in what is left of it. */
const REQUEST_TIMEOUT_MS = 40_000;
/** Each takes some memory, even unread. */
const MAX_CONNECTIONS = 256;
/** Resources, scopes and items of a request, which take their time even when there is nothing in them. */
const MAX_PARTS = 200_000;

/** OTLP/HTTP in, for a run: what a request brings is on disk before it is answered. */
export function createReceiverServer({ traceId, token, append }: ReceiverOptions): Server {
  return createOtlpServer({
    token,
    reason: 'without a valid ID, name or time, or larger than 3 MB',
    open: (signal) => {
      const taken: string[] = [];
      return {
        add: (piece) => {
          const { lines, rejectedCount } = receive(piece, signal, traceId);
          taken.push(lines.join(''));
          return rejectedCount;
        },
        // All at once: what isn't written is sent again as a whole.
        end: () => {
          const lines = taken.join('');
          if (lines !== '') append(lines);
        },
      };
    },
  });
}

export interface OtlpServerOptions {
  /** Whoever sends has to know it; `undefined`: anybody may send. */
  readonly token: string | undefined;
  /** Begins to take a request in. */
  readonly open: (signal: OtlpSignal) => Intake;
  /** Why it rejects items, for whoever sent them. */
  readonly reason: string;
  /** A larger item is rejected unread; any size when it isn't given. */
  readonly maxItemBytes?: number | undefined;
}

/** A request that is taken in piece by piece. */
export interface Intake {
  /** Takes a piece, an OTLP/JSON request of its own; gives how many of its items it rejects. @throws when the disk takes nothing */
  add(piece: Json): number;
  /** All of it is on disk when this returns. @throws when the disk takes nothing */
  end(): void;
}

/** OTLP/HTTP in: JSON and protobuf, packed or not, bounded. */
export function createOtlpServer(options: OtlpServerOptions): Server {
  const gate = new Gate();
  const server = createServer((request, response) => {
    void answer(request, response, { ...options, gate });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

type Options = OtlpServerOptions & { readonly gate: Gate };

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: Options,
): Promise<void> {
  let encoding: Encoding = 'json';
  try {
    const signal = checkRequest(request, options);
    encoding = parseContentType(request.headers['content-type']);
    const { rejectedCount, reason } = await takeInTurn(request, { signal, encoding, ...options });
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
function checkRequest(request: IncomingMessage, { token }: Options): OtlpSignal {
  // Before all else: who has no token isn't told what there is.
  if (token !== undefined && !isSame(String(request.headers[TOKEN_HEADER] ?? ''), token))
    throw new RefusedRequest(401, `the header ${TOKEN_HEADER} is missing or wrong`);
  const signal = SIGNALS.get((request.url ?? '').split('?')[0]!);
  if (signal === undefined)
    throw new RefusedRequest(404, `OTLP/HTTP is at ${[...SIGNALS.keys()].join(', ')}`);
  if (request.method !== 'POST') throw new RefusedRequest(405, 'OTLP/HTTP is sent by POST');
  return signal;
}

/** Takes as long whatever the difference is, the length too. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(hash(given), hash(token));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

type Taking = Options & Decoding;

async function takeInTurn(request: IncomingMessage, taking: Taking): Promise<Taken> {
  const { gate } = taking;
  if (!(await gate.enter())) throw new RefusedRequest(503, 'busy');
  try {
    return await take(await readBody(request), taking);
  } finally {
    gate.leave();
  }
}

/** What became of a request's items. */
interface Taken {
  readonly rejectedCount: number;
  readonly reason: string;
}

async function take(body: Buffer, taking: Taking): Promise<Taken> {
  const { reason } = taking;
  const intake = taking.open(taking.signal);
  const reasons = new Set<string>();
  let rejectedCount = 0;
  let partCount = 0;
  for (const piece of decodeRequest(body, taking)) {
    partCount += piece.partCount;
    if (partCount > MAX_PARTS)
      throw new RefusedRequest(413, `a request holds at most ${MAX_PARTS} items`);
    const refusedCount = orNotWritten(() => intake.add(piece.json));
    if (refusedCount > 0) reasons.add(reason);
    if (piece.reason !== undefined) reasons.add(piece.reason);
    rejectedCount += refusedCount + piece.unreadableCount;
    // Whatever it is, others have their turn meanwhile.
    await setImmediate();
  }
  orNotWritten(() => intake.end());
  return { rejectedCount, reason: [...reasons].join('; ') };
}

function orNotWritten<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new RefusedRequest(503, `not written: ${(error as Error).message}`);
  }
}

function refuse(response: ServerResponse, how: { error: unknown; encoding: Encoding }): void {
  const { error, encoding } = how;
  const status = error instanceof RefusedRequest ? error.status : 400;
  const message = error instanceof Error ? error.message : 'unreadable';
  if (status === 503) response.setHeader('retry-after', '1');
  // Node reads what is left of a body, and throws it away: so whoever is still sending hears why it isn't taken.
  if (status !== 503 && status !== 413) response.setHeader('connection', 'close');
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
