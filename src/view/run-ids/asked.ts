import type { Store, StoreAnswer } from './ask-stores.ts';

/** What one tool's own store has of a run's ID. */
export interface FoundRunId {
  readonly tool: 'dvc' | 'hydra' | 'mlflow' | 'optuna' | 'prefect';
  /** What was looked at: a study, a flow run, an output folder, a database. */
  readonly where: string;
  /** `unknown`: it couldn't be looked at; `detail` says why. */
  readonly carries: 'yes' | 'no' | 'unknown';
  readonly detail: string;
}

/** A thing of a tool's that may carry the run's ID, and where to ask. */
export interface Asked {
  /** The answer where there is nothing to ask. */
  readonly found: FoundRunId;
  readonly store?: Store;
  /** Asks elsewhere, where the store doesn't know it. */
  readonly ask?: () => Promise<StoreAnswer>;
}

/** The file of a SQLite database, in an SQLAlchemy URL. */
export const SQLITE = /^sqlite(?:\+\w+)?:\/\/\/(.+)$/;

export function judge({
  known = 0,
  carrying = 0,
  problem,
}: StoreAnswer): Pick<FoundRunId, 'carries' | 'detail'> {
  if (problem !== undefined) return { carries: 'unknown', detail: problem };
  if (known === 0) return { carries: 'unknown', detail: 'it is not there any more' };
  return carrying > 0
    ? { carries: 'yes', detail: 'stagelight.run_id' }
    : { carries: 'no', detail: 'it has no stagelight.run_id of this run' };
}
