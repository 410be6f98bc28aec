import { DEFAULT_CONFIG } from './defaults.ts';
import { findConfigFile } from './layers/find-file.ts';
import { createMap, mergeMaps, setEntry, toNode, toPlain, walkSettings } from './tree/node.ts';
import type { MapNode } from './tree/node.ts';
import { DEFAULT_ORIGIN, describeOrigin } from './tree/origin.ts';
import type { Origin } from './tree/origin.ts';
import type { Config } from './sections.ts';
import { isConfigVariable } from './layers/variables.ts';

export interface LoadConfigOptions {
  /** Where the user's file is looked for, and what relative paths outside of files are relative to. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Arguments such as `logging.level=debug`. @default none */
  readonly overrides?: readonly string[];
  /** What flags of the command line say. @default none */
  readonly flags?: readonly FlagSetting[];
  /** The time of `${now:…}`. @default the current one */
  readonly now?: Date;
}

/** A setting that a flag of the command line makes. */
export interface FlagSetting {
  /** The key in the configuration, such as `run.live`. */
  readonly key: string;
  readonly value: string | number | boolean;
  /** As it was given, such as `--live`. */
  readonly flag: string;
}

/** The configuration that is in effect, and where each part of it comes from. */
export interface LoadedConfig {
  readonly config: Config;
  /** The user's own file, absolute; `undefined` without one. */
  readonly file: string | undefined;
  /** Every setting that has a value, in the order of the schema where it is a default. */
  readonly sources: readonly SettingSource[];
  /** What is no mistake, but hardly meant: one line each. */
  readonly warnings: readonly string[];
}

/** Where a setting's value comes from. */
export interface SettingSource {
  /** Its path, such as `logging.level`. */
  readonly key: string;
  readonly value: unknown;
  readonly kind: 'default' | 'preset' | 'file' | 'variable' | 'override' | 'flag';
  /** In words: `default`, `preset logging/debug`, `stagelight.yaml:3:10`, `STAGELIGHT_LOGGING_LEVEL`, `--live`. */
  readonly from: string;
}

/**
 * Loads the configuration. From the highest rank to the lowest: flags, overrides, environment variables, the user's
 * file, presets, defaults. Reads files, and writes none.
 * @throws {ConfigError} with every mistake in it
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { cwd, env, overrides = [] } = options;
  const file = findConfigFile(cwd, env);
  const flags = toFlagLayer(options.flags ?? []);
  if (file === undefined && overrides.length === 0 && !Object.keys(env).some(isConfigVariable)) {
    return toLoaded(mergeMaps(toNode(DEFAULT_CONFIG, DEFAULT_ORIGIN) as MapNode, flags));
  }
  // Loaded here, and only where there is something to read: the schema and the YAML parser take longer than all else.
  const { composeConfig } = await import('./compose.ts');
  const { root, config, warnings } = composeConfig({ ...options, file, flags });
  return toLoaded(root, { config, warnings, file: file?.path });
}

function toFlagLayer(flags: readonly FlagSetting[]): MapNode {
  let layer = createMap([]);
  for (const { key, value, flag } of flags) {
    const origin = { kind: 'flag', flag } as const;
    layer = setEntry(layer, key.split('.'), { keyOrigin: origin, node: toNode(value, origin) });
  }
  return layer;
}

function toLoaded(
  root: MapNode,
  checked: { config?: Config; warnings?: readonly string[]; file?: string | undefined } = {},
): LoadedConfig {
  const config = checked.config ?? (toPlain(root) as Config);
  const sources = [...walkSettings(root)].map(({ path, node }) => ({
    key: path.join('.'),
    value: path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], config),
    kind: toKind(node.origin),
    from: describeOrigin(node.origin),
  }));
  return { config, file: checked.file, sources, warnings: checked.warnings ?? [] };
}

function toKind(origin: Origin): SettingSource['kind'] {
  if (origin.kind !== 'text') return origin.kind;
  return origin.source.preset === undefined ? 'file' : 'preset';
}
