import { isAbsolute, relative } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { HydraJobEntry } from '../../model/inbox.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { SecretMasker } from '../../model/secrets.ts';
import { loadYaml } from '../yaml.ts';

const MAX_CONFIG_LENGTH = 64 * 1024;

/** What is known of one of Hydra's jobs, from its process or from the files in its output folder: anything, so far. */
export interface HydraJob {
  readonly name?: unknown;
  readonly number?: unknown;
  readonly overrides?: unknown;
  /** YAML. */
  readonly config?: unknown;
}

/** A job on the span that it runs in: name, overrides and composed configuration, secrets masked. */
export function describeJob({ name, number, overrides, config }: HydraJob): Attributes {
  const masked = typeof config === 'string' ? maskConfig(config) : undefined;
  return {
    ...(typeof name === 'string' && { [ATTR.hydraJobName]: name }),
    ...(typeof number === 'number' && { [ATTR.hydraJobNumber]: number }),
    ...(Array.isArray(overrides) && {
      [ATTR.hydraOverrides]: new SecretMasker().maskArguments(overrides.map(String)),
    }),
    ...(masked !== undefined && { [ATTR.hydraConfig]: masked }),
  };
}

/** What a job's own process has told. */
export function toJobAttributes(entry: HydraJobEntry): Attributes {
  const { dir } = entry;
  return {
    ...describeJob(entry),
    ...(typeof dir === 'string' && { [ATTR.hydraRunDir]: dir }),
  };
}

/** A told output folder as seen from the folder that its stage runs in, where it is below that. */
export function relateRunDir({ [ATTR.hydraRunDir]: dir }: Attributes, folder: string): Attributes {
  if (typeof dir !== 'string' || !isAbsolute(dir)) return {};
  const path = relative(folder, dir) || '.';
  return path.startsWith('..') ? {} : { [ATTR.hydraRunDir]: path };
}

function maskConfig(config: string): string | undefined {
  const { parse, stringify } = loadYaml();
  try {
    const text = config.slice(0, MAX_CONFIG_LENGTH);
    return stringify(new SecretMasker().maskTree(parse(text, { logLevel: 'silent' })));
  } catch {
    return undefined;
  }
}
