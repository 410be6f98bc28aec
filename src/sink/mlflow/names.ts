/** The tags by which runs of ours, and the user's runs that belong to one, are known in MLflow. */
export const TAG = {
  /** The run's ID: on everything that belongs to it, the user's own runs included. */
  runId: 'stagelight.run_id',
  /** On what is ours alone: `pipeline`, `trial` or `stage`. */
  kind: 'stagelight.kind',
  pipeline: 'stagelight.pipeline',
  version: 'stagelight.version',
  result: 'stagelight.result',
  errorType: 'stagelight.error_type',
  error: 'stagelight.error',
  traceId: 'stagelight.trace_id',
  /** Where the run lies, or is shown: the way back from MLflow. */
  url: 'stagelight.url',
  host: 'stagelight.host',
  attempt: 'stagelight.attempt',
  priorId: 'stagelight.prior_id',
  dirty: 'stagelight.git.dirty',
  /** What MLflow's limits have cut, and names that it doesn't take. */
  cut: 'stagelight.cut',
  /** Who writes the run at the moment: see `lease.ts`. */
  lease: 'stagelight.lease',
  /** The stage that a run belongs to. */
  stage: 'stagelight.stage',
  study: 'stagelight.study',
  trial: 'stagelight.trial',
  trialState: 'stagelight.trial_state',
  spanId: 'stagelight.span_id',
  parentRunId: 'mlflow.parentRunId',
  user: 'mlflow.user',
  runName: 'mlflow.runName',
  sourceName: 'mlflow.source.name',
  sourceType: 'mlflow.source.type',
  gitCommit: 'mlflow.source.git.commit',
  gitBranch: 'mlflow.source.git.branch',
  gitRepository: 'mlflow.source.git.repoURL',
  note: 'mlflow.note.content',
} as const;

/** On a pipeline's run, one a stage: `stagelight.stage.<name>` is its outcome, with more behind a further dot. */
export const STAGE_TAG_PREFIX = 'stagelight.stage.';

/** The user's own metrics never begin with it: a search for the best model finds what it found before. */
export const METRIC_PREFIX = 'dvc/';

export type RunKind = 'pipeline' | 'trial' | 'stage';
