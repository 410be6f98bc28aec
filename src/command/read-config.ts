import { ConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load.ts';
import type { FlagSetting, LoadedConfig } from '../config/load.ts';
import { UsageError } from './command.ts';
import type { CommandIo } from './command.ts';

/**
 * The configuration for a command; what looks wrong without being a mistake is said on stderr.
 * @throws {UsageError} with all mistakes in it
 */
export async function readConfig(
  io: CommandIo,
  given: { readonly overrides?: readonly string[]; readonly flags?: readonly FlagSetting[] } = {},
): Promise<LoadedConfig> {
  try {
    const loaded = await loadConfig({ cwd: io.cwd, env: io.env, ...given });
    for (const warning of loaded.warnings) io.stderr.write(`stagelight: ${warning}\n`);
    return loaded;
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}
