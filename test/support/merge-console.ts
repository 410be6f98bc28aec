import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRun } from '../../src/capture/describe-run.ts';
import { DEFAULT_LOGGING } from '../../src/config/defaults.ts';
import { Merge } from '../../src/merge/merge.ts';
import { createRunId } from '../../src/model/ids.ts';
import type { ChildExitEntry, InboxEntry } from '../../src/model/inbox.ts';
import type { LoggingSettings, RunInfo } from '../../src/model/run-info.ts';
import type { UnixTime } from '../../src/model/time.ts';
import { fromUnixMs } from '../../src/model/time.ts';
import { ConsoleInboxWriter } from '../../src/spool/console-inbox.ts';
import { FILE, createRunDir } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import type { StoredRecord, StoredSpan } from '../../src/spool/signal-reader.ts';

/** A piece of output, as it was read. */
export interface Chunk {
  readonly stream: 'stdout' | 'stderr' | 'both';
  readonly bytes: Buffer | string;
  /** Unix milliseconds; a fixed time by default. */
  readonly timeMs?: number;
}

export interface MergedConsole {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly records: readonly StoredRecord[];
  readonly spans: readonly StoredSpan[];
}

export interface MergeConsoleOptions {
  /** A folder for the run's home. */
  readonly home: string;
  /** Where the command is said to run; a `dvc.yaml` there is read. */
  readonly cwd?: string;
  readonly command?: readonly string[];
  readonly exit?: Partial<ChildExitEntry>;
  readonly logging?: Partial<LoggingSettings>;
  /** The zone that the run's local times are in; UTC by default, as in all tests. */
  readonly timeZone?: string;
  /** What processes tell, by the names of their inboxes. */
  readonly inboxes?: Readonly<Record<string, readonly InboxEntry[]>>;
  /** A new one by default; all IDs in the run are made of it. */
  readonly runId?: string;
  /** The uids that an earlier merge has written, where this one is the second. */
  readonly hasWritten?: (uid: string) => boolean;
}

/** Merges chunks of output as the run of a command would be, and reads what was written. */
export function mergeConsole(
  chunks: readonly Chunk[],
  options: MergeConsoleOptions,
): MergedConsole {
  const runId = options.runId ?? createRunId();
  const runDir = createRunDir(options.home, runId);
  const described = describeRun({
    runId,
    runDir,
    command: options.command ?? ['a-command'],
    cwd: options.cwd ?? options.home,
    env: {},
    name: 'test',
    join: false,
    logging: { ...DEFAULT_LOGGING, ...options.logging },
  });
  const info = { ...described, timeZone: options.timeZone ?? described.timeZone };
  let time: UnixTime = [0, 0];
  const inbox = new ConsoleInboxWriter(join(runDir, FILE.inbox, 'test.console'), () => time);
  inbox.entry({ type: 'console-open', time: info.startedAt, span: info.rootSpanId, depth: 0 });
  for (const chunk of chunks) {
    time = fromUnixMs(chunk.timeMs ?? DEFAULT_TIME_MS);
    inbox.chunk(chunk.stream, Buffer.from(chunk.bytes as string));
  }
  inbox.entry({
    type: 'child-exit',
    time: `${time[0]}${String(time[1]).padStart(9, '0')}`,
    code: 0,
    ...options.exit,
  });
  inbox.close();
  for (const [source, entries] of Object.entries(options.inboxes ?? {})) {
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
    writeFileSync(join(runDir, FILE.inbox, `${source}.jsonl`), lines.join(''));
  }
  const { hasWritten } = options;
  const written = hasWritten && { uids: { has: hasWritten }, spanIds: new Set<string>() };
  const finished = new Merge({ runDir, info, env: {}, ...(written && { written }) }).finish();
  return {
    runDir,
    info: finished,
    records: [...readRecords(join(runDir, FILE.logs))],
    spans: [...readSpans(join(runDir, FILE.traces))],
  };
}

/** 2026-11-23 01:33:56 UTC, in the middle of the fixtures' time. */
export const DEFAULT_TIME_MS = Date.UTC(2026, 10, 23, 1, 33, 56);
