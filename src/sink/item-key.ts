import { ATTR } from '../model/attributes.ts';
import { toUnixMs } from '../model/time.ts';
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

/** An item of a signal file, as stores and people know it. */
export interface KeyedItem {
  readonly key: string;
  /** A uid, a span's ID, a metric's name. */
  readonly name: string;
  /** When it was, in milliseconds since 1970. */
  readonly ms: number;
}

/** The items of a line of a signal file, in their order. */
export function* readItems(line: Buffer, signal: SignalName): Generator<KeyedItem> {
  yield* READERS[signal](line);
}

const READERS: Readonly<Record<SignalName, (line: Buffer) => Iterable<KeyedItem>>> = {
  *logs(line) {
    for (const record of parseRecords(line)) {
      const key = toRecordKey(record);
      yield { key, name: key, ms: toUnixMs(record.time ?? record.observed) };
    }
  },
  *traces(line) {
    for (const span of parseSpans(line))
      yield { key: toSpanKey(span), name: span.spanId, ms: toUnixMs(span.start) };
  },
  *metrics(line) {
    for (const metric of parseMetrics(line)) {
      const [first] = toMetricPoints(metric);
      const ms = Number(first?.['timeUnixNano'] ?? 0) / 1e6;
      yield { key: toMetricKey(metric), name: String(metric['name']), ms };
    }
  },
};
