import { ATTR } from '../model/attributes.ts';
import { parseRecords, parseSpans } from '../spool/signal-reader.ts';
import type { StoredRecord } from '../spool/signal-reader.ts';

/** What can be looked for item by item. */
export type KeyedSignal = 'logs' | 'traces';

/** Log records are known by their uid. */
export function toRecordKey({ attributes }: Pick<StoredRecord, 'attributes'>): string {
  return String(attributes[ATTR.uid] ?? '');
}

/** Spans by both of their IDs: others than ours may number the spans of each trace from one on. */
export function toSpanKey({ traceId, spanId }: { traceId: string; spanId: string }): string {
  return `${traceId}-${spanId}`;
}

/** The keys of the items of a line of a signal file, in their order. */
export function readKeys(line: Buffer, signal: KeyedSignal): string[] {
  return signal === 'logs'
    ? Array.from(parseRecords(line), toRecordKey)
    : Array.from(parseSpans(line), toSpanKey);
}
