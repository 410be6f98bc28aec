import { join } from 'node:path';
import { ATTR, EVENT } from '../model/attributes.ts';
import { toMetricKey, toRecordKey, toSpanKey } from '../sink/item-key.ts';
import { FILE } from '../spool/layout.ts';
import { readMetrics, readRecords, readSpans } from '../spool/signal-reader.ts';
import { KeyIndex } from './key-index.ts';

/** What a run holds, by its own files. */
export interface Declared {
  /** The run's own count at its end (the last `mlops.run.end`), where it has ended and says so. */
  readonly said: { readonly logs: number | undefined; readonly traces: number | undefined };
  readonly logs: KeyIndex;
  readonly traces: KeyIndex;
  readonly metrics: KeyIndex;
  /** The traces that its spans are of: the run's own, and those that programs of it began themselves. */
  readonly traceIds: ReadonlySet<string>;
}

/** Reads what a run declares. */
export function readDeclared(runDir: string): Declared {
  let said: Declared['said'] = { logs: undefined, traces: undefined };
  const traceIds = new Set<string>();
  function* readRecordKeys(): Generator<string> {
    for (const record of readRecords(join(runDir, FILE.logs))) {
      yield toRecordKey(record);
      const { eventName, attributes } = record;
      if (eventName !== EVENT.runEnd) continue;
      const [logs, traces] = [attributes[ATTR.declaredLogs], attributes[ATTR.declaredSpans]];
      said = { logs: toCount(logs), traces: toCount(traces) };
    }
  }
  function* readSpanKeys(): Generator<string> {
    for (const span of readSpans(join(runDir, FILE.traces))) {
      traceIds.add(span.traceId);
      yield toSpanKey(span);
    }
  }
  function* readMetricKeys(): Generator<string> {
    for (const metric of readMetrics(join(runDir, FILE.metrics))) yield toMetricKey(metric);
  }
  const logs = new KeyIndex(readRecordKeys());
  const traces = new KeyIndex(readSpanKeys());
  return { logs, traces, metrics: new KeyIndex(readMetricKeys()), said, traceIds };
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
