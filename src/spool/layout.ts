import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from './make-folder.ts';
import type { RunId } from '../model/ids.ts';

/** The folder that holds all runs of a project. */
export const HOME_NAME = '.stagelight';

/** The files of a run directory. */
export const FILE = {
  run: 'run.json',
  traces: 'traces.jsonl',
  logs: 'logs.jsonl',
  metrics: 'metrics.jsonl',
  text: 'run.log',
  seen: 'seen.jsonl',
  inbox: 'inbox',
  claims: 'claims',
  cursor: 'cursor',
  diag: 'diag.jsonl',
  lock: 'merge.lock',
} as const;

/** Where a run's directory lies inside the home folder. */
export function toRunDir(home: string, runId: RunId): string {
  return join(home, 'runs', runId);
}

/** The nearest folder at or above `from` that contains `entry`. */
export function findUp(from: string, entry: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, entry))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * The home folder for a working directory: `STAGELIGHT_DIR`, else `.stagelight` at the DVC root, else at the git root,
 * else in the working directory itself (or the nearest folder above that has one already).
 */
export function findHome(cwd: string, env: NodeJS.ProcessEnv): string {
  if (env['STAGELIGHT_DIR']) return resolve(cwd, env['STAGELIGHT_DIR']);
  const root = findUp(cwd, '.dvc') ?? findUp(cwd, '.git') ?? findUp(cwd, HOME_NAME) ?? resolve(cwd);
  return join(root, HOME_NAME);
}

/** Makes the home folder, hidden from git and DVC: `git status`, `dvc status` and hashes stay as they are without us. */
export function createHome(home: string): void {
  makeFolder(join(home, 'runs'));
  for (const name of ['.gitignore', '.dvcignore']) {
    try {
      writeFileSync(join(home, name), '*\n', { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Makes a run's directory, readable by its owner only.
 * @throws an `EEXIST` error when the run exists: an ID is never written twice.
 */
export function createRunDir(home: string, runId: RunId): string {
  createHome(home);
  const runDir = toRunDir(home, runId);
  mkdirSync(runDir, { mode: 0o700 });
  for (const name of [FILE.inbox, FILE.claims]) mkdirSync(join(runDir, name), { mode: 0o700 });
  return runDir;
}
