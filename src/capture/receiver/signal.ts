import { ProtobufError } from '../../otlp/protobuf/protobuf-error.ts';
import { openJsonRequest, openProtobufRequest } from '../../otlp/request-part.ts';
import { readPieces } from '../../otlp/request-pieces.ts';
import type { RequestPiece } from '../../otlp/request-pieces.ts';
import { OTLP_SIGNALS } from '../../otlp/signal.ts';
import type { OtlpSignal } from '../../otlp/signal.ts';
import { RefusedRequest } from './refused-request.ts';

/** By the path that each is sent to. */
export const SIGNALS: ReadonlyMap<string, OtlpSignal> = new Map(
  OTLP_SIGNALS.map((signal) => [`/${signal.path}`, signal]),
);

export type Encoding = 'json' | 'protobuf';

/** @throws {RefusedRequest} when it is neither of OTLP/HTTP's two */
export function parseContentType(header: string | undefined): Encoding {
  const type = (header ?? '').split(';')[0]!.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  if (type === 'application/x-protobuf') return 'protobuf';
  throw new RefusedRequest(415, 'content-type is application/x-protobuf or application/json');
}

export interface Decoding {
  readonly encoding: Encoding;
  readonly signal: OtlpSignal;
  /** A larger item isn't read. */
  readonly maxItemBytes?: number | undefined;
}

/** A request in pieces, as OTLP/JSON. @throws {RefusedRequest} where it isn't one */
export function* decodeRequest(
  body: Buffer,
  { encoding, signal, maxItemBytes }: Decoding,
): Generator<RequestPiece> {
  try {
    const isProtobuf = encoding === 'protobuf';
    const request = isProtobuf ? openProtobufRequest(body, signal.request) : openJsonRequest(body);
    yield* readPieces(request, signal, maxItemBytes);
  } catch (error) {
    if (error instanceof ProtobufError) throw new RefusedRequest(400, error.message);
    if (!(error instanceof SyntaxError)) throw error;
    throw new RefusedRequest(400, `the body is no OTLP/JSON: ${error.message}`);
  }
}
