import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { RunInfo } from '../model/run-info.ts';
import { isShownAsText } from '../model/shown-text.ts';
import { compileTextFormat } from '../model/text-format.ts';
import { BufferedFile } from '../spool/buffered-file.ts';
import { FILE } from '../spool/layout.ts';
import { tryLock } from '../spool/lock.ts';
import { cutTornLine } from '../spool/repair.ts';
import { isRunning, readRunInfo } from '../spool/run-file.ts';
import { readRecords } from '../spool/signal-reader.ts';
import { toTextRecord } from '../spool/text-record.ts';
import { Merge } from './merge.ts';
import { findWritten } from './written.ts';

const TEXT_BUFFER_BYTES = 256 * 1024;

/**
 * Merges what a run's process, killed before it could, has left in the inboxes: by the next reader, with the same code.
 * A run that has ended, still runs, or is being merged by somebody else is left alone.
 * @returns the run as it is now; one that can't be written here is given as interrupted.
 */
export function recoverRun(runDir: string, info: RunInfo): RunInfo {
  if (info.state !== 'running' || isRunning(runDir, info)) return info;
  try {
    return mergeLeftovers(runDir, info);
  } catch {
    // Read-only, a full disk, a copy without its inboxes: it can still be read as it is.
    return { ...info, state: 'interrupted', result: 'error' };
  }
}

function mergeLeftovers(runDir: string, info: RunInfo): RunInfo {
  if (!existsSync(join(runDir, FILE.inbox)))
    return { ...info, state: 'interrupted', result: 'error' };
  const unlock = tryLock(join(runDir, FILE.lock));
  if (unlock === undefined) return info;
  try {
    // Somebody may have been quicker.
    const current = readRunInfo(runDir) ?? info;
    if (current.state !== 'running') return current;
    for (const name of [FILE.logs, FILE.traces]) cutTornLine(join(runDir, name));
    const merge = new Merge({
      runDir,
      info: current,
      env: process.env,
      written: findWritten(runDir),
    });
    const recovered = merge.finish();
    rewriteText(runDir, recovered);
    return recovered;
  } finally {
    unlock();
  }
}

/** Writes `run.log` anew: the killed merge may have come further with one file than with the other. */
export function rewriteText(runDir: string, info: RunInfo): void {
  const { format, dateFormat, minimumSeverity } = info.logging;
  const toText = compileTextFormat(format, { dateFormat, zone: info.timeZone });
  const path = join(runDir, FILE.text);
  const file = new BufferedFile(`${path}.new`, TEXT_BUFFER_BYTES);
  for (const record of readRecords(join(runDir, FILE.logs))) {
    if (isShownAsText(record, minimumSeverity))
      file.add(`${toText(toTextRecord(record, info.runId))}\n`);
  }
  file.flush();
  file.close();
  renameSync(`${path}.new`, path);
}
