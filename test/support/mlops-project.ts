import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { createEnv } from './cli.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/mlops', import.meta.url));

/** Runs a program of the project as its user would, without stagelight. Rejects when it fails. */
export async function runIn(
  project: string,
  [program, ...args]: readonly [string, ...string[]],
): Promise<string> {
  const { stdout } = await execa(program, args, {
    cwd: project,
    extendEnv: false,
    env: createEnv(),
  });
  return stdout;
}

/** Makes the example a project of its own in `folder`: a git repository, with DVC. */
export async function createMlopsProject(folder: string): Promise<string> {
  const project = join(folder, 'project');
  cpSync(EXAMPLE, project, { recursive: true });
  await runIn(project, ['git', 'init', '-q', '-b', 'main']);
  await runIn(project, ['dvc', 'init', '-q']);
  await runIn(project, ['git', 'add', '-A']);
  const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'] as const;
  await runIn(project, ['git', ...author, 'commit', '-q', '-m', 'the project']);
  return project;
}

/** Changes a line of `params.yaml`, such as `n_trials: 6` to `n_trials: 7`. */
export function changeParameter(project: string, from: string, to: string): void {
  const path = join(project, 'params.yaml');
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`params.yaml has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}
