import { join } from 'node:path';
import { statSync } from 'node:fs';
import type { SentRun } from '../sink/destination.ts';
import type { SignalName } from '../otlp/signal.ts';
import { readItems } from '../sink/item-key.ts';
import type { Store } from '../sink/store/store.ts';
import { FILE } from '../spool/layout.ts';
import { readLines } from '../spool/signal-reader.ts';
import type { Declared } from './declared.ts';

/** How what a store holds compares with what a run declares, for one signal. */
export interface Comparison {
  readonly store: Store;
  readonly signal: SignalName;
  readonly declaredCount: number;
  readonly receivedCount: number;
  readonly missingCount: number;
  /** Uids, span IDs or names of metrics that it doesn't hold: the first of them. */
  readonly missingIds: readonly string[];
  /** How many it holds more than once. */
  readonly doubledCount: number;
  /** Whether it lacks one. */
  readonly isMissing: (key: string) => boolean;
  /** Why it couldn't be asked. */
  readonly fault?: string;
  /** The likely cause of what is missing. */
  readonly cause?: string;
}

interface AskedRun {
  readonly run: SentRun;
  readonly declared: Declared;
}

/** How many of what is missing is named. */
const MAX_NAMED = 20;

/** Asks a store for a run, signal by signal: for metrics where the run has some. */
export async function compareStore(store: Store, asked: AskedRun): Promise<Comparison[]> {
  const isDeclared = (signal: SignalName): boolean =>
    signal !== 'metrics' || asked.declared.metrics.size > 0;
  return Promise.all(
    store.signals.filter(isDeclared).map(async (signal): Promise<Comparison> => {
      try {
        return await compare({ store, signal }, asked);
      } catch (error) {
        const declaredCount = asked.declared[signal].size;
        const none = { receivedCount: 0, missingIds: [], doubledCount: 0, isMissing: () => false };
        const fault = (error as Error).message;
        return { store, signal, declaredCount, missingCount: declaredCount, ...none, fault };
      }
    }),
  );
}

async function compare(
  { store, signal }: Pick<Comparison, 'store' | 'signal'>,
  { run, declared }: AskedRun,
): Promise<Comparison> {
  const index = declared[signal];
  // How often it holds each: once, or more than once.
  const held = new Uint8Array(index.size);
  await store.read({ run, signal, traceIds: declared.traceIds }, (key) => {
    const number = index.find(key);
    if (number !== undefined) held[number] = held[number] === 0 ? 1 : 2;
  });
  const count = (times: number): number =>
    held.reduce((sum, each) => (each === times ? sum + 1 : sum), 0);
  const isMissing = (key: string): boolean => {
    const number = index.find(key);
    return number !== undefined && held[number] === 0;
  };
  const [missingCount, doubledCount] = [count(0), count(2)];
  const receivedCount = index.size - missingCount;
  const counts = { declaredCount: index.size, receivedCount, missingCount, doubledCount };
  if (missingCount === 0) return { store, signal, ...counts, missingIds: [], isMissing };
  const { missingIds, oldestMs } = nameMissing(run.runDir, { signal, isMissing });
  const byteLength = sizeOf(join(run.runDir, FILE[signal]));
  const cause = store.explainLoss({ receivedCount, oldestMs, byteLength });
  return {
    store,
    signal,
    ...counts,
    missingIds,
    isMissing,
    ...(cause !== undefined && { cause }),
  };
}

/** What is missing has names and times in the run's own files. */
function nameMissing(
  runDir: string,
  { signal, isMissing }: Pick<Comparison, 'signal' | 'isMissing'>,
): { missingIds: string[]; oldestMs: number | undefined } {
  const missingIds: string[] = [];
  let oldestMs: number | undefined;
  for (const { bytes } of readLines(join(runDir, FILE[signal]))) {
    for (const { key, name, ms } of readItems(bytes, signal)) {
      if (!isMissing(key)) continue;
      if (missingIds.length < MAX_NAMED) missingIds.push(name);
      oldestMs = Math.min(ms, oldestMs ?? ms);
    }
  }
  return { missingIds, oldestMs };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
