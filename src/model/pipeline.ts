/** How a run or a stage ended, in the words of OpenTelemetry's CI/CD conventions (`cicd.pipeline.result`). */
export type Result = 'success' | 'failure' | 'error' | 'cancellation' | 'skip';

/**
 * What DVC did with a stage. `blocked`: an earlier stage failed, said by DVC or proved by the graph of `dvc.yaml`.
 * `dry_run`: DVC printed what it would do (`dvc repro --dry`).
 */
export type StageOutcome =
  | 'ran'
  | 'unchanged'
  | 'run_cache'
  | 'frozen'
  | 'data_source'
  | 'blocked'
  | 'failed'
  | 'dry_run';

/** Optuna's trial states. */
export type TrialState = 'COMPLETE' | 'PRUNED' | 'FAIL' | 'RUNNING';

/** What part of the pipeline a run did: all of it, some stages (others unchanged), a search, or a flow around it. */
export type RunKind = 'full' | 'partial' | 'sweep' | 'flow';

/** A value that an attribute can have. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | Uint8Array;

export type Attributes = Record<string, AttributeValue>;
