import { decodeProtobuf } from '../../otlp/protobuf/decode.ts';
import { ProtobufError } from '../../otlp/protobuf/protobuf-error.ts';
import {
  LOGS_REQUEST,
  LOGS_RESPONSE,
  METRICS_REQUEST,
  METRICS_RESPONSE,
  TRACES_REQUEST,
  TRACES_RESPONSE,
} from '../../otlp/protobuf/schema.ts';
import type { Message } from '../../otlp/protobuf/schema.ts';
import { RefusedRequest } from './refused-request.ts';

/** What is particular to one of OTLP's signals. */
export interface Signal {
  readonly request: Message;
  readonly response: Message;
  /** Where a request has its resources, scopes and items. */
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
  /** How a partial success calls what was refused. */
  readonly rejected: string;
}

/** By the path that each is sent to. */
export const SIGNALS: ReadonlyMap<string, Signal> = new Map([
  [
    '/v1/traces',
    {
      request: TRACES_REQUEST,
      response: TRACES_RESPONSE,
      resources: 'resourceSpans',
      scopes: 'scopeSpans',
      items: 'spans',
      rejected: 'rejectedSpans',
    },
  ],
  [
    '/v1/logs',
    {
      request: LOGS_REQUEST,
      response: LOGS_RESPONSE,
      resources: 'resourceLogs',
      scopes: 'scopeLogs',
      items: 'logRecords',
      rejected: 'rejectedLogRecords',
    },
  ],
  [
    '/v1/metrics',
    {
      request: METRICS_REQUEST,
      response: METRICS_RESPONSE,
      resources: 'resourceMetrics',
      scopes: 'scopeMetrics',
      items: 'metrics',
      rejected: 'rejectedDataPoints',
    },
  ],
]);

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
  signal: Signal,
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
