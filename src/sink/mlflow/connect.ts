import { toAbsoluteUri } from '../../model/tracking-uri.ts';
import { MlflowApi } from './api.ts';
import { LocalCaller } from './local-caller.ts';
import { ServerCaller } from './server-caller.ts';
import type { MlflowStore } from './settings.ts';

/** Requests to one MLflow that are under way at once. SQLite behind it writes one after the other anyway. */
export const MAX_IN_FLIGHT = 4;

export interface ConnectOptions {
  readonly timeoutMs: number;
  /** Where the run ran, and with which Python: for what only MLflow's own package reaches. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Opens the way to where the runs are kept. @throws {MlflowError} */
export function connectTo(store: MlflowStore, { timeoutMs, cwd, env }: ConnectOptions): MlflowApi {
  if (store.type === 'server') {
    const options = { maxInFlight: MAX_IN_FLIGHT, timeoutMs, cwd, env };
    return new MlflowApi(new ServerCaller(store, options));
  }
  return new MlflowApi(new LocalCaller({ uri: toAbsoluteUri(store.uri, cwd), cwd, env }));
}
