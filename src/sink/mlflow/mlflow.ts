import type { DestinationContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import { MLFLOW } from './cursor.ts';
import { MlflowDelivery } from './delivery.ts';
import { probeMlflow } from './probe.ts';
import { readMlflowSettings, toPlace, toTrackingUri } from './settings.ts';
import type { MlflowSettings } from './settings.ts';

/**
 * MLflow as a place that runs are sent to.
 * @param folder what a local store's path is relative to, where there is no run that says so
 */
export function createMlflowDestination(
  settings: MlflowSettings,
  folder = process.cwd(),
): Destination {
  return {
    name: MLFLOW,
    address: toPlace(settings),
    open: (run) => new MlflowDelivery(run, settings),
    probe: async (signal) => [await probeMlflow(settings, { cwd: folder, signal })],
    close: () => {},
  };
}

/**
 * MLflow, as the configuration and MLflow's own variables have it.
 * @throws {DestinationError} when the tracking URI is none
 */
export function createMlflowDestinations({
  config,
  env,
  folder,
}: DestinationContext): Destination[] {
  const settings = readMlflowSettings(config.mlflow, env);
  const isWrong = settings.store === undefined && toTrackingUri(config.mlflow, env) !== undefined;
  if (!isWrong) return [createMlflowDestination(settings, folder)];
  throw new DestinationError(
    "the MLflow tracking URI isn't an address",
    'give one such as http://localhost:5000 in MLFLOW_TRACKING_URI or mlflow.tracking_uri',
  );
}
