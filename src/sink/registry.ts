import type { DestinationContext } from './context.ts';
import { DestinationError } from './destination-error.ts';
import type { Destination } from './destination.ts';
import { findDefaultStore } from './mlflow/default-store.ts';
import { toTrackingUri } from './mlflow/settings.ts';

/** A kind of destination. It loads when one of it is configured: a run without any costs nothing. */
interface DestinationKind {
  /** The name of its file or folder. */
  readonly name: string;
  isConfigured(context: DestinationContext): boolean;
  /** @throws {DestinationError} when what is configured can't be used */
  create(context: DestinationContext): Promise<readonly Destination[]>;
}

const KINDS: readonly DestinationKind[] = [
  {
    name: 'otlp',
    isConfigured: ({ config, env }) =>
      Object.keys(config.export).length > 0 || OTLP_VARIABLES.some((name) => env[name]?.trim()),
    create: async (context) => (await import('./otlp/create.ts')).createOtlpDestinations(context),
  },
  {
    name: 'mlflow',
    isConfigured: ({ config, env, folder }) =>
      config.mlflow.enabled &&
      config.mlflow.send &&
      (toTrackingUri(config.mlflow, env) ?? findDefaultStore(folder)) !== undefined,
    create: async (context) =>
      (await import('./mlflow/mlflow.ts')).createMlflowDestinations(context),
  },
];

/** The variables that make a destination of themselves. */
const OTLP_VARIABLES: readonly string[] = [
  'STAGELIGHT_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
];

/** What kinds there are. */
export const DESTINATION_KINDS: readonly string[] = KINDS.map(({ name }) => name);

/** Whether there is any. Cheap. */
export function hasDestinations(context: DestinationContext): boolean {
  return KINDS.some((kind) => kind.isConfigured(context));
}

/**
 * The configured destinations.
 * @param onFault told of a kind that can't be used as it is configured; the others can
 */
export async function createDestinations(
  context: DestinationContext,
  onFault: (fault: DestinationError) => void,
): Promise<readonly Destination[]> {
  const configured = KINDS.filter((kind) => kind.isConfigured(context));
  const made = await Promise.all(
    configured.map(async (kind) => {
      try {
        return await kind.create(context);
      } catch (error) {
        if (!(error instanceof DestinationError)) throw error;
        onFault(error);
        return [];
      }
    }),
  );
  return made.flat();
}
