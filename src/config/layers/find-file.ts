import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The names of the user's own file; the first one counts. */
export const CONFIG_FILE_NAMES = ['stagelight.yaml', 'stagelight.yml'] as const;

/** What marks the top of a project. */
const ROOT_MARKS = ['.git', '.dvc'] as const;

export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** A second file beside it, which is ignored. */
  readonly ignored?: string;
}

/**
 * The user's own file: the one that `STAGELIGHT_CONFIG` names, else the nearest one at or above `cwd`, no higher than
 * the git and the DVC root. Outside a project only `cwd` itself counts: a file in `/tmp` is somebody else's.
 */
export function findConfigFile(cwd: string, env: NodeJS.ProcessEnv): FoundFile | undefined {
  const named = env['STAGELIGHT_CONFIG'];
  if (named) return { path: resolve(cwd, named) };
  const start = resolve(cwd);
  const top = findTop(start);
  for (let folder = start; ; folder = dirname(folder)) {
    const [first, second] = CONFIG_FILE_NAMES.map((name) => join(folder, name)).filter((path) =>
      existsSync(path),
    );
    if (first !== undefined)
      return { path: first, ...(second !== undefined && { ignored: second }) };
    if (folder === top) return undefined;
  }
}

/** The highest of the nearest git and DVC roots, since one may lie inside the other. */
function findTop(start: string): string {
  let top = start;
  const left = new Set<string>(ROOT_MARKS);
  for (let folder = start; ; folder = dirname(folder)) {
    for (const mark of left) {
      if (!existsSync(join(folder, mark))) continue;
      left.delete(mark);
      top = folder;
    }
    if (folder === dirname(folder)) return top;
  }
}
