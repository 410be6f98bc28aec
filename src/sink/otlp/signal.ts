import {
  LOGS_REQUEST,
  LOGS_RESPONSE,
  METRICS_REQUEST,
  METRICS_RESPONSE,
  TRACES_REQUEST,
  TRACES_RESPONSE,
} from '../../otlp/protobuf/schema.ts';
import type { Message } from '../../otlp/protobuf/schema.ts';
import { FILE } from '../../spool/layout.ts';

/** One of OTLP's signals: its file in a run directory, and what it is called on the wire. */
export interface Signal {
  readonly name: SignalName;
  readonly file: string;
  /** Behind a base endpoint. */
  readonly path: string;
  /** Its part of the names of `OTEL_EXPORTER_OTLP_*` variables. */
  readonly variable: string;
  /** The keys of the lists in an envelope. */
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
  /** The count in a partial success. */
  readonly rejected: string;
  /** What one of it is called. */
  readonly item: string;
  /** The request and its answer, in protobuf. */
  readonly request: Message;
  readonly response: Message;
}

export type SignalName = 'traces' | 'logs' | 'metrics';

export const SIGNALS: readonly Signal[] = [
  {
    name: 'traces',
    file: FILE.traces,
    path: 'v1/traces',
    variable: 'TRACES',
    resources: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
    rejected: 'rejectedSpans',
    item: 'span',
    request: TRACES_REQUEST,
    response: TRACES_RESPONSE,
  },
  {
    name: 'logs',
    file: FILE.logs,
    path: 'v1/logs',
    variable: 'LOGS',
    resources: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
    rejected: 'rejectedLogRecords',
    item: 'log record',
    request: LOGS_REQUEST,
    response: LOGS_RESPONSE,
  },
  {
    name: 'metrics',
    file: FILE.metrics,
    path: 'v1/metrics',
    variable: 'METRICS',
    resources: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
    rejected: 'rejectedDataPoints',
    item: 'metric',
    request: METRICS_REQUEST,
    response: METRICS_RESPONSE,
  },
];

/** What an envelope begins with, up to its list of resources, and what it ends with. */
export function toEnvelopeEnds({ resources }: Signal): {
  readonly head: Buffer;
  readonly tail: Buffer;
} {
  return { head: Buffer.from(`{"${resources}":[`), tail: TAIL };
}

const TAIL = Buffer.from(']}');
