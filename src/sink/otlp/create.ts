import type { Destination } from '../destination.ts';
import type { DestinationContext } from '../context.ts';
import { OtlpDestination } from './destination.ts';
import { readExportConfig } from './from-config.ts';
import { ENVIRONMENT_NAME, OWN_ENDPOINT, readEnvironment } from './from-environment.ts';

/**
 * The OTLP destinations: those of the configuration's `export`, and the one that `STAGELIGHT_OTLP_ENDPOINT` makes. The
 * standard variables, which may be meant for other programs, count where neither is there.
 * @throws {DestinationError} when what is configured can't be used
 */
export async function createOtlpDestinations({
  config,
  env,
  folder,
}: DestinationContext): Promise<readonly Destination[]> {
  const own = env[OWN_ENDPOINT]?.trim();
  const named = Object.entries(config.export).map(([name, entry]) => {
    // A variable goes before the file.
    const isOverridden = own && name === ENVIRONMENT_NAME;
    return readExportConfig(name, {
      config: isOverridden ? { ...entry, endpoint: own } : entry,
      folder,
    });
  });
  const isNamed = named.some(({ name }) => name === ENVIRONMENT_NAME);
  const usesEnvironment = own ? !isNamed : named.length === 0;
  const other = usesEnvironment ? await readEnvironment(env) : undefined;
  return [...named, ...(other === undefined ? [] : [other])].map(
    (settings) => new OtlpDestination(settings),
  );
}
