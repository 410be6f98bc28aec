import {
  LOGS_REQUEST,
  LOGS_RESPONSE,
  METRICS_REQUEST,
  METRICS_RESPONSE,
  TRACES_REQUEST,
  TRACES_RESPONSE,
} from './protobuf/schema.ts';
import type { Message } from './protobuf/schema.ts';

export type SignalName = 'traces' | 'logs' | 'metrics';

/** One of OTLP's signals, as it is called on the wire. https://opentelemetry.io/docs/specs/otlp/ */
export interface OtlpSignal {
  readonly name: SignalName;
  /** Behind a base endpoint. */
  readonly path: string;
  /** The keys of the lists in an envelope. */
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
  /** The count in a partial success. */
  readonly rejected: string;
  /** The request and its answer, in protobuf. */
  readonly request: Message;
  readonly response: Message;
}

export const OTLP_SIGNALS: readonly OtlpSignal[] = [
  {
    name: 'traces',
    path: 'v1/traces',
    resources: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
    rejected: 'rejectedSpans',
    request: TRACES_REQUEST,
    response: TRACES_RESPONSE,
  },
  {
    name: 'logs',
    path: 'v1/logs',
    resources: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
    rejected: 'rejectedLogRecords',
    request: LOGS_REQUEST,
    response: LOGS_RESPONSE,
  },
  {
    name: 'metrics',
    path: 'v1/metrics',
    resources: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
    rejected: 'rejectedDataPoints',
    request: METRICS_REQUEST,
    response: METRICS_RESPONSE,
  },
];
