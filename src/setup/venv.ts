import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Change } from './change.ts';

const FILE_NAME = 'stagelight.pth';
const MARK = '# Written by `stagelight init venv`; `stagelight init venv --undo` removes it.';

/** A Python, and where its packages are. */
export interface Environment {
  readonly python: string;
  readonly packages: string;
}

/**
 * Finds the Python of a project: the one that is given, that of the active virtual environment, that of `.venv` or `venv`
 * in the working directory, or the first on the PATH.
 * @throws what running it throws
 */
export function findEnvironment(options: {
  given: string | undefined;
  cwd: string;
  env: NodeJS.ProcessEnv;
}): Environment | undefined {
  const python = options.given ?? findPython(options);
  if (python === undefined) return undefined;
  const code = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  const packages = execFileSync(python, ['-I', '-c', code], { encoding: 'utf8', stdio: 'pipe' });
  return { python, packages: packages.trim() };
}

function findPython({ cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }): string | undefined {
  const folders = [
    ...(env['VIRTUAL_ENV'] ? [join(env['VIRTUAL_ENV'], 'bin')] : []),
    join(cwd, '.venv', 'bin'),
    join(cwd, 'venv', 'bin'),
    ...(env['PATH'] ?? '').split(delimiter),
  ];
  const paths = folders.flatMap((folder) => [join(folder, 'python'), join(folder, 'python3')]);
  return paths.find((path) => existsSync(path));
}

/**
 * The file by which a Python starts the hook itself, whatever becomes of `PYTHONPATH`, and finds `import stagelight`. A line
 * that begins with `import` is run, any other is a folder: https://docs.python.org/3/library/site.html
 */
export function toPthFile({ packages }: Environment, hookFolder: string): Change {
  const start = String.raw`try:\n from stagelight._start import start\n start()\nexcept Exception: pass`;
  return {
    path: join(packages, FILE_NAME),
    text: `${MARK}\n${hookFolder}\nimport os; exec("${start}" if os.environ.get("STAGELIGHT_RUN_DIR") else "")\n`,
    reason: 'starts the hook in every Python of this environment, inside a run only',
  };
}

/** Removes the file; gives whether there was one of ours. @throws the file system's error. */
export function removePthFile({ packages }: Environment): boolean {
  const path = join(packages, FILE_NAME);
  if (!existsSync(path) || !readFileSync(path, 'utf8').startsWith(MARK)) return false;
  rmSync(path);
  return true;
}
