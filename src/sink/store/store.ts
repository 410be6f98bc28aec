import type { SentRun } from '../destination.ts';
import type { SignalName } from '../../otlp/signal.ts';

/**
 * A place that keeps what it was sent and can be asked for it: behind an OTLP destination stand one or more of them. To
 * add one: a file beside this one, and a line in `find-stores.ts`.
 */
export interface Store {
  /** `files`, `jaeger`, `loki`, `tempo` */
  readonly kind: string;
  /** Where it is, for people to read: without credentials. */
  readonly address: string;
  readonly signals: readonly SignalName[];
  /**
   * Calls `take` with the key of each item of a run that it holds, as often as it holds it.
   * @throws when it can't be asked, with the reason in words
   */
  read(asked: StoreQuestion, take: (key: string) => void): Promise<void>;
  /** Why it may not have all of a run that was sent to it wholly; `undefined` when nothing of the kind is known. */
  explainLoss(lost: LostItems): string | undefined;
}

export interface StoreQuestion {
  readonly run: SentRun;
  readonly signal: SignalName;
  /** The traces that the run's spans are of. */
  readonly traceIds: ReadonlySet<string>;
}

export interface LostItems {
  /** How many of the run it does hold. */
  readonly receivedCount: number;
  /** The earliest of what is missing, in milliseconds since 1970. */
  readonly oldestMs: number | undefined;
  /** Bytes of the run's signal file. */
  readonly byteLength: number;
}

/** A run that sends more traces than these, of one request each, can't be asked for in a minute or so. */
const MAX_TRACES = 10_000;
const AT_ONCE = 4;

/**
 * Reads traces one by one, a few at a time.
 * @throws when there are too many of them
 */
export async function readEachTrace(
  traceIds: ReadonlySet<string>,
  readTrace: (traceId: string) => Promise<void>,
): Promise<void> {
  if (traceIds.size > MAX_TRACES) {
    throw new Error(
      `the run's spans are of ${traceIds.size} traces; ${MAX_TRACES} can be asked for`,
    );
  }
  const left = traceIds.values();
  const readSome = async (): Promise<void> => {
    for (const traceId of left) await readTrace(traceId);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readSome));
}
