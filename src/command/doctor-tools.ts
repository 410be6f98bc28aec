import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
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

/** Looks for the tools that stagelight reads, and asks them for their versions. */
export async function findTools({ env }: CommandIo): Promise<Tool[]> {
  return Promise.all(
    TOOLS.map(async ([name, args]): Promise<Tool> => {
      const path = findProgram(name, env);
      if (path === undefined) return { name };
      const version = await readVersion(path, { args, env });
      return { name, path, ...(version !== undefined && { version }) };
    }),
  );
}

function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function readVersion(
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
