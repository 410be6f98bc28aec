import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunId } from '../model/ids.ts';
import type { RunInfo } from '../model/run-info.ts';
import { FILE } from './layout.ts';
import { isAlive } from './process-identity.ts';

/** Another host's run is taken for interrupted when nothing was written for this long (a heartbeat comes every 15 s). */
const SILENT_HOST_MS = 60_000;

/** Writes `run.json` by rename, so that a reader sees the old or the new one, never half of it. */
export function writeRunInfo(runDir: string, info: RunInfo): void {
  const path = join(runDir, FILE.run);
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** Reads `run.json`; `undefined` when there is none or it isn't one. */
export function readRunInfo(runDir: string): RunInfo | undefined {
  try {
    const info = JSON.parse(readFileSync(join(runDir, FILE.run), 'utf8')) as RunInfo;
    return isRunInfo(info) ? info : undefined;
  } catch {
    return undefined;
  }
}

/** Run directories are copied from elsewhere: what every reader counts on has to be there. */
function isRunInfo(info: RunInfo): boolean {
  return (
    info.schema === 1 &&
    isRunId(info.runId) &&
    Array.isArray(info.command) &&
    typeof info.pipeline === 'string' &&
    [info.startedAt, info.endedAt ?? '0'].every((time) => /^\d{1,20}$/.test(time)) &&
    typeof info.logging.format === 'string'
  );
}

/** Whether the run's process still writes it. */
export function isRunning(runDir: string, info: RunInfo): boolean {
  if (info.state !== 'running') return false;
  return isAlive(info.process) ?? Date.now() - readNewestMs(runDir) < SILENT_HOST_MS;
}

function readNewestMs(runDir: string): number {
  const times = [FILE.run, FILE.logs].map((name) => {
    try {
      return statSync(join(runDir, name)).mtimeMs;
    } catch {
      return 0;
    }
  });
  return Math.max(...times);
}

/** A run of a home folder. */
export interface StoredRun {
  readonly runDir: string;
  readonly info: RunInfo;
}

/** The runs of a home folder, the newest first. What isn't a run is passed over. */
export function listRuns(home: string): StoredRun[] {
  return listRunIds(home)
    .map((runId) => join(home, 'runs', runId))
    .map((runDir) => ({ runDir, info: readRunInfo(runDir) }))
    .filter((run): run is StoredRun => run.info !== undefined)
    .toSorted((a, b) => (BigInt(b.info.startedAt) < BigInt(a.info.startedAt) ? -1 : 1));
}

/** Why a home folder's runs can't be listed, in the file system's words; `undefined` when they can be, or none are there. */
export function findListFault(home: string): string | undefined {
  try {
    readdirSync(join(home, 'runs'));
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : message;
  }
}

function listRunIds(home: string): string[] {
  try {
    return readdirSync(join(home, 'runs')).filter(isRunId);
  } catch {
    return [];
  }
}
