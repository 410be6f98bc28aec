import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadConfigOptions, LoadedConfig } from '../../src/config/load.ts';
import { createTemporaryDir } from '../support/temporary.ts';

export type Files = Readonly<Record<string, string | Buffer>>;

/** A folder with these files that is a project: the search for a configuration ends in it. */
export function createProject(files: Files): string {
  const folder = createTemporaryDir();
  mkdirSync(join(folder, '.git'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Loads the configuration of a project with these files. */
export async function load(
  files: Files,
  options: Partial<LoadConfigOptions> = {},
): Promise<LoadedConfig> {
  return await loadConfig({ cwd: createProject(files), env: {}, ...options });
}

/** The error that loading ends with. */
export async function loadWrong(
  files: Files,
  options: Partial<LoadConfigOptions> = {},
): Promise<ConfigError> {
  const result = await load(files, options).catch((error: unknown) => error);
  if (result instanceof ConfigError) return result;
  throw new Error('expected a ConfigError', { cause: result });
}

/** Where a setting's value comes from, in words. */
export function sourceOf({ sources }: LoadedConfig, key: string): string | undefined {
  return sources.find((source) => source.key === key)?.from;
}
