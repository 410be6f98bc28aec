import type { SentRun } from '../destination.ts';

/** What a store is asked for: log records by their uid, spans by their ID. */
export type HeldSignal = 'logs' | 'traces';

/**
 * A place that keeps what it was sent and can be asked for it: behind an OTLP destination stand one or more of them. To
 * add one: a file beside this one, and a line in `find-stores.ts`.
 */
export interface Store {
  /** `files`, `jaeger`, `loki`, `tempo` */
  readonly kind: string;
  /** Where it is, for people to read: without credentials. */
  readonly address: string;
  readonly signals: readonly HeldSignal[];
  /**
   * How often it holds each item of a run, by uid or span ID.
   * @throws when it can't be asked, with the reason in words
   */
  read(run: SentRun, signal: HeldSignal): Promise<ReadonlyMap<string, number>>;
  /** Why it may not have all of a run that was sent to it wholly; `undefined` when nothing of the kind is known. */
  explainLoss(run: SentRun, lost: LostItems): string | undefined;
}

export interface LostItems {
  readonly signal: HeldSignal;
  /** How many of the run it doesn't hold. */
  readonly missingCount: number;
  readonly receivedCount: number;
  /** The earliest of what is missing, in milliseconds since 1970; of logs only. */
  readonly oldestMs: number | undefined;
  /** Bytes of the run's signal file. */
  readonly byteLength: number;
}
