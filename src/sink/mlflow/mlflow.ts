import type { Destination } from '../destination.ts';
import { MlflowDelivery } from './delivery.ts';
import type { MlflowSettings } from './settings.ts';

/** MLflow as a place that runs are sent to. */
export function createMlflowDestination(settings: MlflowSettings): Destination {
  return { name: 'mlflow', open: (run) => new MlflowDelivery(run, settings) };
}
