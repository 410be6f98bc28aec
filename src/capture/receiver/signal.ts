import { decodeProtobuf } from '../../otlp/protobuf/decode.ts';
import { ProtobufError } from '../../otlp/protobuf/protobuf-error.ts';
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

/** A request as OTLP/JSON. @throws {RefusedRequest} when it isn't one */
export function decodeRequest(
  body: Buffer,
  encoding: Encoding,
  signal: OtlpSignal,
): Record<string, unknown> {
  try {
    if (encoding === 'protobuf') return decodeProtobuf(body, signal.request);
    const json: unknown = JSON.parse(body.toString('utf8'));
    if (typeof json === 'object' && json !== null) return json as Record<string, unknown>;
  } catch (error) {
    if (error instanceof ProtobufError) throw new RefusedRequest(400, error.message);
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new RefusedRequest(400, 'the body is no OTLP/JSON');
}
