import { join } from 'node:path';
import { statSync } from 'node:fs';
import { ATTR, EVENT } from '../model/attributes.ts';
import { toUnixMs } from '../model/time.ts';
import type { SentRun } from '../sink/destination.ts';
import type { HeldSignal, Store } from '../sink/store/store.ts';
import { FILE } from '../spool/layout.ts';
import { readRecords, readSpans } from '../spool/signal-reader.ts';

/** What a run holds, by its own files. */
export interface Declared {
  /** The run's own count at its end (the last `mlops.run.end`), where it has ended and says so. */
  readonly said: { readonly logs: number | undefined; readonly traces: number | undefined };
  /** Uids of its log records, with their times (ms since 1970). */
  readonly logs: ReadonlyMap<string, number>;
  readonly traces: ReadonlySet<string>;
}

/** How what a store holds compares with what a run declares, for one signal. */
export interface Comparison {
  readonly store: Store;
  readonly signal: HeldSignal;
  readonly declaredCount: number;
  readonly receivedCount: number;
  /** Uids or span IDs that it doesn't hold. */
  readonly missing: readonly string[];
  /** Those that it holds more than once. */
  readonly doubled: readonly string[];
  /** Why it couldn't be asked. */
  readonly fault?: string;
  /** The likely cause of what is missing. */
  readonly cause?: string;
}

/** Reads what a run declares. */
export function readDeclared(runDir: string): Declared {
  const logs = new Map<string, number>();
  let said: Declared['said'] = { logs: undefined, traces: undefined };
  for (const { attributes, observed, time, eventName } of readRecords(join(runDir, FILE.logs))) {
    logs.set(String(attributes[ATTR.uid]), toUnixMs(time ?? observed));
    if (eventName === EVENT.runEnd) {
      said = {
        logs: toCount(attributes[ATTR.declaredLogs]),
        traces: toCount(attributes[ATTR.declaredSpans]),
      };
    }
  }
  const traces = new Set<string>();
  for (const { spanId } of readSpans(join(runDir, FILE.traces))) traces.add(spanId);
  return { said, logs, traces };
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Asks a store for a run, signal by signal. */
export async function compareStore(
  store: Store,
  { run, declared }: { run: SentRun; declared: Declared },
): Promise<Comparison[]> {
  return Promise.all(
    store.signals.map(async (signal): Promise<Comparison> => {
      const declaredCount = declared[signal].size;
      try {
        const held = await store.read(run, signal);
        const compared = compare(declared[signal].keys(), held);
        const comparison = { store, signal, declaredCount, ...compared };
        if (compared.missing.length === 0) return comparison;
        const cause = explain(comparison, { run, declared });
        return cause === undefined ? comparison : { ...comparison, cause };
      } catch (error) {
        const none = { receivedCount: 0, missing: [...declared[signal].keys()], doubled: [] };
        return { store, signal, declaredCount, ...none, fault: (error as Error).message };
      }
    }),
  );
}

function compare(
  declared: Iterable<string>,
  held: ReadonlyMap<string, number>,
): Pick<Comparison, 'receivedCount' | 'missing' | 'doubled'> {
  const missing: string[] = [];
  const doubled: string[] = [];
  let receivedCount = 0;
  for (const key of declared) {
    const count = held.get(key) ?? 0;
    if (count === 0) missing.push(key);
    else receivedCount += 1;
    if (count > 1) doubled.push(key);
  }
  return { receivedCount, missing, doubled };
}

function explain(
  { store, signal, missing, receivedCount }: Comparison,
  { run, declared }: { run: SentRun; declared: Declared },
): string | undefined {
  const times = missing.map((uid) => declared.logs.get(uid)).filter((ms) => ms !== undefined);
  return store.explainLoss(run, {
    signal,
    missingCount: missing.length,
    receivedCount,
    oldestMs: signal === 'logs' ? times.reduce((a, b) => Math.min(a, b), Infinity) : undefined,
    byteLength: sizeOf(join(run.runDir, signal === 'logs' ? FILE.logs : FILE.traces)),
  });
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
