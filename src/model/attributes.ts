/**
 * Every name that goes on the wire, concept by concept, so that a rename upstream is one edit here.
 * Names without `mlops.`, `dvc.`, `optuna.`, `hydra.`, `prefect.` and `mlflow.` are OpenTelemetry's
 * (semantic conventions 1.44.0); the others are ours, where no convention exists.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.44.0';

export const ATTR = {
  // the run and its place
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  serviceInstanceId: 'service.instance.id',
  environmentName: 'deployment.environment.name',
  distroName: 'telemetry.distro.name',
  distroVersion: 'telemetry.distro.version',
  pipelineName: 'cicd.pipeline.name',
  pipelineRunId: 'cicd.pipeline.run.id',
  pipelineRunUrl: 'cicd.pipeline.run.url.full',
  pipelineResult: 'cicd.pipeline.result',
  pipelineRunState: 'cicd.pipeline.run.state',
  repositoryUrl: 'vcs.repository.url.full',
  repositoryName: 'vcs.repository.name',
  vcsOwner: 'vcs.owner.name',
  vcsProvider: 'vcs.provider.name',
  refName: 'vcs.ref.head.name',
  refType: 'vcs.ref.head.type',
  refRevision: 'vcs.ref.head.revision',
  vcsDirty: 'mlops.vcs.dirty',
  vcsDiffSha256: 'mlops.vcs.diff.sha256',
  hostName: 'host.name',
  osType: 'os.type',
  runtimeName: 'process.runtime.name',
  runtimeVersion: 'process.runtime.version',

  // tasks and commands
  taskName: 'cicd.pipeline.task.name',
  taskRunId: 'cicd.pipeline.task.run.id',
  taskRunUrl: 'cicd.pipeline.task.run.url.full',
  taskResult: 'cicd.pipeline.task.run.result',
  errorType: 'error.type',
  executableName: 'process.executable.name',
  commandLine: 'process.command_line',
  commandArgs: 'process.command_args',
  pid: 'process.pid',
  exitCode: 'process.exit.code',
  cpuUser: 'mlops.process.cpu.user_seconds',
  cpuSystem: 'mlops.process.cpu.system_seconds',
  /** The largest resident set of one of a command's processes. */
  memoryPeak: 'mlops.process.memory.peak_bytes',

  // log records
  uid: 'log.record.uid',
  original: 'log.record.original',
  iostream: 'log.iostream',
  logFilePath: 'log.file.path',
  codeFilePath: 'code.file.path',
  codeLine: 'code.line.number',
  codeFunction: 'code.function.name',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',

  // ours: the run
  runKind: 'mlops.run.kind',
  runAttempt: 'mlops.run.attempt',
  runPriorId: 'mlops.run.prior_id',
  /** On the run's end: seconds. */
  runDuration: 'mlops.run.duration',
  inferred: 'mlops.inferred',
  skipReason: 'mlops.skip.reason',
  linkKind: 'mlops.link.kind',
  partId: 'mlops.part.id',
  partIndex: 'mlops.part.index',
  metricName: 'mlops.metric.name',
  metricValue: 'mlops.metric.value',
  metricStep: 'mlops.metric.step',
  progressName: 'mlops.progress.name',
  progressCurrent: 'mlops.progress.current',
  progressTotal: 'mlops.progress.total',
  progressUnit: 'mlops.progress.unit',
  progressFrames: 'mlops.progress.frames',
  declaredSpans: 'mlops.telemetry.declared_spans',
  declaredLogs: 'mlops.telemetry.declared_logs',
  dropped: 'mlops.telemetry.dropped',
  suppressed: 'mlops.telemetry.suppressed',
  masked: 'mlops.telemetry.masked',

  // ours: the tools
  dvcStage: 'dvc.stage.name',
  dvcAddressing: 'dvc.stage.addressing',
  dvcExperiment: 'dvc.exp.name',
  dvcOutcome: 'dvc.stage.outcome',
  dvcChanged: 'dvc.stage.changed',
  dvcCommand: 'dvc.stage.cmd',
  dvcDeps: 'dvc.deps',
  dvcOuts: 'dvc.outs',
  /** Of a skipped stage: the run that produced its outputs, or that none of the runs here did. */
  producedBy: 'dvc.stage.produced_by',
  dvcParamPrefix: 'dvc.param.',
  studyName: 'optuna.study.name',
  studyDirection: 'optuna.study.direction',
  studyStorage: 'optuna.study.storage',
  trialNumber: 'optuna.trial.number',
  trialState: 'optuna.trial.state',
  trialParamPrefix: 'optuna.trial.param.',
  trialValue: 'optuna.trial.value',
  trialValues: 'optuna.trial.values',
  trialBest: 'optuna.trial.best',
  /** On a study: the number of its best trial. */
  bestTrial: 'optuna.study.best_trial',
  hydraJobName: 'hydra.job.name',
  hydraJobNumber: 'hydra.job.num',
  hydraRunDir: 'hydra.run.dir',
  hydraOverrides: 'hydra.overrides',
  hydraConfig: 'hydra.config',
  mlflowTrackingUri: 'mlflow.tracking_uri',
  /** On a run, where its programs keep runs in several places. */
  mlflowTrackingUris: 'mlflow.tracking_uris',
  mlflowRunId: 'mlflow.run_id',
  mlflowExperimentId: 'mlflow.experiment_id',
  /** The page of that run, where there is a tracking server. */
  mlflowRunUrl: 'mlflow.run.url',
  prefectFlowRunName: 'prefect.flow_run.name',
  prefectFlowRunId: 'prefect.flow_run.id',
  /** The server that knows the flow run. */
  prefectApiUrl: 'prefect.api_url',
  prefectTaskRunName: 'prefect.task_run.name',
  prefectTaskRunId: 'prefect.task_run.id',
} as const;

/** Attributes whose numbers are OTLP doubles, whole or not; all other whole numbers are OTLP integers. */
export const DOUBLE_ATTRIBUTES: ReadonlySet<string> = new Set([
  ATTR.runDuration,
  ATTR.metricValue,
  ATTR.trialValue,
  ATTR.trialValues,
  ATTR.cpuUser,
  ATTR.cpuSystem,
]);

/** Names of log records that are events. */
export const EVENT = {
  runStart: 'mlops.run.start',
  runEnd: 'mlops.run.end',
  stageStart: 'mlops.stage.start',
  trialStart: 'mlops.trial.start',
  heartbeat: 'mlops.heartbeat',
  progress: 'mlops.progress',
  metric: 'mlops.metric',
  unhooked: 'mlops.python.unhooked',
} as const;
