import { ATTR } from '../model/attributes.ts';
import type { SignalName } from '../otlp/signal.ts';
import {
  parseAttributes,
  parseMetrics,
  parseRecords,
  parseSpans,
  toMetricPoints,
} from '../spool/signal-reader.ts';
import type { StoredRecord } from '../spool/signal-reader.ts';

/** Log records are known by their uid. */
export function toRecordKey({ attributes }: Pick<StoredRecord, 'attributes'>): string {
  return String(attributes[ATTR.uid] ?? '');
}

/** Spans by both of their IDs: others than ours may number the spans of each trace from one on. */
export function toSpanKey({ traceId, spanId }: { traceId: string; spanId: string }): string {
  return `${traceId}-${spanId}`;
}

/** Metrics have no ID: what one is called, and the times and attributes of its points, are as good as one. */
export function toMetricKey(metric: Readonly<Record<string, unknown>>): string {
  const points = toMetricPoints(metric).map((point) => [
    String(point['timeUnixNano'] ?? ''),
    Object.entries(parseAttributes(point['attributes'])).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return JSON.stringify([metric['name'], points]);
}

/** The keys of the items of a line of a signal file, in their order. */
export function readKeys(line: Buffer, signal: SignalName): string[] {
  return READERS[signal](line);
}

const READERS: Readonly<Record<SignalName, (line: Buffer) => string[]>> = {
  logs: (line) => Array.from(parseRecords(line), toRecordKey),
  traces: (line) => Array.from(parseSpans(line), toSpanKey),
  metrics: (line) => Array.from(parseMetrics(line), toMetricKey),
};
