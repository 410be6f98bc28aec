import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString, toDurationMs } from '../model/time.ts';
import type { CommandIo } from './command.ts';

/** The one line at the end of a run. */
export function summarizeRun(info: RunInfo, _io: CommandIo): string {
  const { counts } = info;
  const start = parseNanoString(info.startedAt)!;
  const durationMs = toDurationMs(start, parseNanoString(info.endedAt ?? info.startedAt) ?? start);
  const stages = Object.values(counts?.stages ?? {}).reduce((sum, count) => sum + count, 0);
  return [
    `stagelight: ${info.runId}`,
    info.result,
    `${(durationMs / 1000).toFixed(1)} s`,
    `${stages} stages`,
    `${counts?.records} records`,
    `${counts?.warnings} warnings`,
    `${counts?.errors} errors`,
  ].join(' · ');
}
