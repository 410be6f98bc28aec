import { MlflowApi } from './api.ts';
import { ServerCaller } from './server-caller.ts';
import { MlflowError } from './mlflow-error.ts';
import type { MlflowStore } from './settings.ts';

/** Requests to one MLflow that are under way at once. SQLite behind it writes one after the other anyway. */
export const MAX_IN_FLIGHT = 4;

/** Opens the way to where the runs are kept. @throws {MlflowError} */
export function connectTo(store: MlflowStore, options: { readonly timeoutMs: number }): MlflowApi {
  if (store.type === 'server') {
    return new MlflowApi(new ServerCaller(store, { maxInFlight: MAX_IN_FLIGHT, ...options }));
  }
  throw new MlflowError('blocked', `can't write to ${store.uri}: that isn't a tracking server`);
}
