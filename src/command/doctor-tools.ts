import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { CommandIo } from './command.ts';

/** Programs whose lines are read, and how each tells its version. */
const TOOLS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['dvc', ['--version']],
  ['git', ['--version']],
  ['python', ['--version']],
  ['mlflow', ['--version']],
  ['optuna', ['--version']],
  ['prefect', ['--version']],
];
const TOOL_MS = 20_000;

/** A program, where it was found. */
export interface Tool {
  readonly name: string;
  readonly path?: string;
  readonly version?: string;
}

/** Looks for the tools that stagelight reads, and for their versions. */
export async function findTools({ env }: CommandIo): Promise<Tool[]> {
  return Promise.all(
    TOOLS.map(async ([name, args]): Promise<Tool> => {
      const path = findProgram(name, env);
      if (path === undefined) return { name };
      const version = findPackageVersion(name, path) ?? (await askVersion(path, { args, env }));
      return { name, path, ...(version !== undefined && { version }) };
    }),
  );
}

function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The version of a Python package, where its program lies beside it: MLflow takes seconds to tell its own. */
function findPackageVersion(name: string, path: string): string | undefined {
  const lib = join(dirname(dirname(path)), 'lib');
  const start = `${name}-`;
  const found = listFolder(lib)
    .filter((each) => each.startsWith('python3'))
    .flatMap((python) => listFolder(join(lib, python, 'site-packages')))
    .find((each) => each.startsWith(start) && each.endsWith('.dist-info'));
  return found?.slice(start.length, -'.dist-info'.length);
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

async function askVersion(
  path: string,
  { args, env }: { args: readonly string[]; env: NodeJS.ProcessEnv },
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, args, { env, timeout: TOOL_MS });
    return /\d+\.\d+[\w.+-]*/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}
