import type { DestinationContext } from '../sink/context.ts';
import type { Destination } from '../sink/destination.ts';
import { createDestinations } from '../sink/registry.ts';
import { suggestName } from '../view/text/suggest.ts';
import { UsageError } from './command.ts';
import type { CommandIo } from './command.ts';
import { readConfig } from './read-config.ts';
import { toDestinationContext } from './sending.ts';

/** What to do where nothing is configured. */
const HINT =
  'in stagelight.yaml: export: {backend: {endpoint: http://localhost:4318}}, or: STAGELIGHT_OTLP_ENDPOINT=http://localhost:4318';

/**
 * The configured destinations; none where nothing is configured.
 * @throws {UsageError} when what is configured can't be used
 */
export async function createConfigured(
  context: DestinationContext,
): Promise<readonly Destination[]> {
  return createDestinations(context, ({ message, hint }) => {
    throw new UsageError(message, hint);
  });
}

/**
 * The configured destinations, or the one of a name.
 * @throws {UsageError} when there is none
 */
export async function openDestinations(
  io: CommandIo,
  name?: string,
): Promise<readonly Destination[]> {
  const destinations = await createConfigured(toDestinationContext(await readConfig(io), io));
  if (destinations.length === 0) throw new UsageError('there is no destination', HINT);
  if (name === undefined) return destinations;
  const chosen = destinations.filter((each) => each.name === name);
  if (chosen.length > 0) return chosen;
  const names = destinations.map((each) => each.name);
  const suggestion = suggestName(name, names);
  throw new UsageError(
    `no destination '${name}'${suggestion === undefined ? '' : `; did you mean '${suggestion}'?`}`,
    `configured: ${names.join(', ')}`,
  );
}
