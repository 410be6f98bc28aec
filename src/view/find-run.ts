import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FILE } from '../spool/layout.ts';
import { listRuns } from '../spool/run-file.ts';
import type { StoredRun } from '../spool/run-file.ts';
import { openRun } from './open-run.ts';
import type { OpenedRun } from './open-run.ts';
import { SHORT_ID_LENGTH } from './short-id.ts';
import { suggestName } from './text/suggest.ts';

/** What a name led to. */
export type FoundRun = { readonly status: 'found'; readonly run: OpenedRun } | RunMiss;

/** A name that led to no run, with what the caller may have meant. */
export type RunMiss =
  | { readonly status: 'none' }
  /** The path of something that holds no run that can be read. */
  | { readonly status: 'unreadable'; readonly path: string; readonly fault: string }
  | {
      readonly status: 'unknown';
      readonly suggestion?: string;
      readonly runs: readonly StoredRun[];
    }
  | { readonly status: 'ambiguous'; readonly runs: readonly StoredRun[] };

export const LATEST = 'latest';
const BEFORE = /^@(\d{1,6})$/;
const ID_PREFIX = /^[0-9a-f]{1,32}$/i;

/**
 * Finds the run that `name` means: its ID, a unique prefix of it, `latest`, `@1` (the one before the latest), or the
 * path of a run directory, which may have been copied from elsewhere.
 * @param place.home the folder whose runs are meant
 * @param place.cwd where relative paths begin
 */
export async function findRun(
  name: string,
  place: { readonly home: string; readonly cwd: string },
): Promise<FoundRun> {
  const path = toRunPath(name, place.cwd);
  if (path !== undefined) {
    const run = await openRun(path);
    if (run !== undefined) return { status: 'found', run };
    if (existsSync(path)) return { status: 'unreadable', path, fault: toFault(path) };
  }
  const runs = listRuns(place.home);
  if (runs.length === 0) return { status: 'none' };
  const matches = matchRuns(name, runs);
  if (matches.length > 1) return { status: 'ambiguous', runs: matches };
  const match = matches[0];
  const run = match === undefined ? undefined : await openRun(match.runDir);
  return run === undefined ? toUnknown(name, runs) : { status: 'found', run };
}

/** A name with a slash or dot is a path, as is that of a folder here that holds a run. */
function toRunPath(name: string, cwd: string): string | undefined {
  const path = resolve(cwd, name);
  const folder = basename(path) === FILE.run ? dirname(path) : path;
  const isPath = /[/\\.]/.test(name) || existsSync(join(folder, FILE.run));
  return isPath ? folder : undefined;
}

function toFault(path: string): string {
  const isThere = existsSync(join(path, FILE.run));
  return isThere ? `its ${FILE.run} can't be read` : `it has no ${FILE.run}`;
}

function matchRuns(name: string, runs: readonly StoredRun[]): StoredRun[] {
  const before = name === LATEST ? 0 : BEFORE.exec(name)?.[1];
  if (before !== undefined) return runs.slice(Number(before), Number(before) + 1);
  if (!ID_PREFIX.test(name)) return [];
  return runs.filter(({ info }) => info.runId.startsWith(name.toLowerCase()));
}

function toUnknown(name: string, runs: readonly StoredRun[]): RunMiss {
  const suggestion = suggestRun(name, runs);
  return { status: 'unknown', runs, ...(suggestion !== undefined && { suggestion }) };
}

function suggestRun(name: string, runs: readonly StoredRun[]): string | undefined {
  if (BEFORE.test(name)) return `@${runs.length - 1}`;
  // A pipeline's name means its runs, most likely the last of them.
  const ofPipeline = runs.find(({ info }) => info.pipeline === name);
  if (ofPipeline !== undefined) return ofPipeline.info.runId.slice(0, SHORT_ID_LENGTH);
  if (!ID_PREFIX.test(name)) return suggestName(name, [LATEST]);
  const prefixes = runs.map(({ info }) => info.runId.slice(0, name.length));
  return suggestName(name, prefixes);
}
