import { basename } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { parseNanoString, toUnixMs } from '../../model/time.ts';
import { WORK_MS } from './course.ts';
import type { Course } from './course.ts';

/**
 * Whether a run that has ended did anything: a run that skipped all stages, whose command wasn't there, or that only
 * asked DVC something, is nothing that others on the server want to see.
 */
export function didWork(course: Course, info: RunInfo): boolean {
  if (course.hasWorked) return true;
  if (course.stages.length > 0 || isDvc(info.command)) return false;
  const code = course.root?.attributes[ATTR.exitCode];
  return code !== 127 && code !== 126;
}

/** Whether a run that goes on does anything yet, as far as that can be told. */
export function isAtWork(course: Course, info: RunInfo): boolean {
  if (course.isWorking) return true;
  const startMs = toUnixMs(parseNanoString(info.startedAt) ?? [0, 0]);
  return !isDvc(info.command) && Date.now() - startMs > WORK_MS;
}

/** Whether a command will probably do some work, as far as that can be told before it starts. */
export function willWork([program = '', ...args]: readonly string[]): boolean {
  if (!isDvc([program])) return true;
  const words = args.filter((arg) => !arg.startsWith('-'));
  const isRepro =
    words[0] === 'repro' || (/^exp(?:eriments)?$/.test(words[0] ?? '') && words[1] === 'run');
  return isRepro && !args.some((arg) => arg === '--dry' || arg === '-n' || arg === '--queue');
}

function isDvc([program = '']: readonly string[]): boolean {
  return basename(program) === 'dvc';
}
