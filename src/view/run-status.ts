import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../model/pipeline.ts';
import { fromUnixMs, now, parseNanoString, toDurationMs } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { FILE } from '../spool/layout.ts';
import type { OpenedRun } from './open-run.ts';

/** How a run, stage or trial came out, or how it stands while it hasn't. */
export type Status = Result | 'running' | 'interrupted';

/** Every status, in the order in which help shows them. */
export const STATUSES: readonly Status[] = [
  'success',
  'failure',
  'error',
  'cancellation',
  'skip',
  'running',
  'interrupted',
];

/** What a run's `error.type` is when its process is gone without having ended it. */
export const INTERRUPTED = 'interrupted' satisfies Status;

/** A status as a file has it; `error` for a word that is none. */
export function parseStatus(word: unknown): Status {
  return STATUSES.find((status) => status === word) ?? 'error';
}

export function toRunStatus({ info, state }: OpenedRun): Status {
  return parseStatus(state === 'finished' ? info.result : state);
}

export function toStartTime({ info }: OpenedRun): UnixTime {
  return parseNanoString(info.startedAt) ?? [0, 0];
}

/** When a run ended: now for one that hasn't, the last sign of life for one that was interrupted. */
export function toEndTime({ info, state, runDir }: OpenedRun): UnixTime {
  const told = info.endedAt === undefined ? undefined : parseNanoString(info.endedAt);
  if (told !== undefined) return told;
  return state === 'running' ? now() : readLastWrite(runDir);
}

export function toRunDurationMs(run: OpenedRun): number {
  return Math.max(0, toDurationMs(toStartTime(run), toEndTime(run)));
}

function readLastWrite(runDir: string): UnixTime {
  const times = [FILE.logs, FILE.inbox, FILE.run].map((name) => {
    try {
      return statSync(join(runDir, name)).mtimeMs;
    } catch {
      return 0;
    }
  });
  return fromUnixMs(Math.max(...times));
}
