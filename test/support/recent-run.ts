import type { InboxEntry } from '../../src/model/inbox.ts';
import type { OpenedRun } from '../../src/view/open-run.ts';
import { START_SECONDS, makeRun } from '../view/support/make-run.ts';
import type { EntryMaker } from '../view/support/make-run.ts';

export interface RecentRunOptions {
  readonly home: string;
  /** When it began, in milliseconds before now; a minute by default. */
  readonly ageMs?: number;
  readonly durationMs?: number;
  readonly runId?: string;
  readonly result?: 'success' | 'failure';
  /** `at` is to be added to all times: entries take milliseconds after the run's start. */
  readonly entries: (run: EntryMaker, at: number) => InboxEntry[];
}

/** A run that has just been, for backends to which it matters how old records are. */
export function makeRecentRun(options: RecentRunOptions): OpenedRun {
  const { ageMs = 60_000, durationMs = 10_000, entries, ...rest } = options;
  const startMs = Date.now() - ageMs - START_SECONDS * 1000;
  return makeRun({
    ...rest,
    startMs,
    endMs: startMs + durationMs,
    entries: (run) => entries(run, startMs),
  });
}
