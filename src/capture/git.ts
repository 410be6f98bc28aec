import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { GitState } from '../model/run-info.ts';
import { findUp } from '../spool/layout.ts';

/**
 * The repository's state, read from its files: starting `git` would cost more than the rest of a short run.
 * (Whether the tree is dirty takes git itself; see `merge/git-dirty.ts`.)
 */
export function readGitState(cwd: string): GitState | undefined {
  const root = findUp(cwd, '.git');
  if (root === undefined) return undefined;
  const gitDir = findGitDir(root);
  const commonDir = resolve(gitDir, readText(join(gitDir, 'commondir')) ?? '.');
  const head = readText(join(gitDir, 'HEAD'));
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head ?? '')?.[1];
  const revision =
    branch === undefined ? head : readRef([gitDir, commonDir], `refs/heads/${branch}`);
  const remote = readRemote(commonDir);
  return {
    root,
    ...(revision !== undefined && /^[0-9a-f]{40,64}$/.test(revision) && { revision }),
    ...(branch !== undefined && { branch }),
    ...(remote !== undefined && { remote }),
  };
}

/** `.git` is a folder, or in worktrees and submodules a file that names it. */
function findGitDir(root: string): string {
  const path = join(root, '.git');
  if (statSync(path).isDirectory()) return path;
  const target = /^gitdir: (.+)$/m.exec(readText(path) ?? '')?.[1];
  return target === undefined ? path : resolve(dirname(path), target);
}

function readRef(folders: readonly string[], ref: string): string | undefined {
  for (const folder of folders) {
    const loose = readText(join(folder, ref));
    if (loose !== undefined) return loose;
    const packed = readText(join(folder, 'packed-refs'));
    const line = packed?.split('\n').find((each) => each.endsWith(` ${ref}`));
    if (line !== undefined) return line.slice(0, line.indexOf(' '));
  }
  return undefined;
}

/** The URL of `origin`, else of the first remote. */
function readRemote(folder: string): string | undefined {
  const config = readText(join(folder, 'config')) ?? '';
  const remotes = [...config.matchAll(/^\[remote "([^"]+)"\]$([^[]*)/gm)];
  const remote = remotes.find((match) => match[1] === 'origin') ?? remotes[0];
  return /^\s*url\s*=\s*(.+?)\s*$/m.exec(remote?.[2] ?? '')?.[1];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
