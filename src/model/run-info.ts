import type { RunId, SpanId } from './ids.ts';
import type { Attributes, Result, RunKind } from './pipeline.ts';

/** `run.json`: what a run is and how it stands. Times are decimal nanoseconds since 1970. */
export interface RunInfo {
  /** The version of this shape. */
  readonly schema: 1;
  readonly runId: RunId;
  /** The trace that the run's spans are in: its own (`runId`), or another's with `--join`. */
  readonly traceId: RunId;
  readonly rootSpanId: SpanId;
  /** The span in another process's trace that the run is a child of, with `--join`. */
  readonly remoteParent?: SpanId;
  /** The span in another process's trace that the run is linked to. */
  readonly link?: { readonly traceId: RunId; readonly spanId: SpanId };
  readonly pipeline: string;
  /** The command and its arguments, secrets masked. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** IANA name of the zone that local times in the output are in. */
  readonly timeZone: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** `running` until the run has ended; one whose process is gone is shown as interrupted. */
  readonly state: 'running' | 'finished' | 'interrupted';
  readonly process: RunProcess;
  /** What is the same for every span and record of the run. */
  readonly resource: Attributes;
  readonly git?: GitState;
  readonly logging: LoggingSettings;
  /** The run in MLflow that was made before this one began. */
  readonly mlflow?: MlflowTie;
  readonly kind?: RunKind;
  /** Python processes of the run have the hook, where it can get in. */
  readonly hasPythonHook?: boolean;
  /** The Prefect flow run that a worker started it for. */
  readonly flowRunId?: string;
  /** Which one it is of the runs for the same flow run, from 2 on. */
  readonly attempt?: number;
  /** The attempt before it, and the trace that is in where that isn't its own ID. */
  readonly priorId?: RunId;
  readonly priorTraceId?: RunId;
  readonly result?: Result;
  readonly errorType?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly counts?: RunCounts;
  /** What the run's stages have put out, for the runs after it that skip them. */
  readonly produced?: readonly ProducedStage[];
  readonly firstError?: FirstError;
}

/** How a run's text is read and shown; a part of the configuration that is kept with the run. */
export interface LoggingSettings {
  /** The format of `run.log`, as Python's `logging` has it. */
  readonly format: string;
  /** `strftime` format of `%(asctime)s`; Python's default when left out. */
  readonly dateFormat?: string;
  /** Records below this severity number are left out of `run.log`. */
  readonly minimumSeverity: number;
  /** Formats of `logging` that the output is read with, beside the common ones. */
  readonly formats: readonly string[];
  /** Secrets of the user's own: sources of regular expressions, by name. */
  readonly secretRules: readonly { readonly name: string; readonly pattern: string }[];
}

/** The process that writes the run, as `spool/process-identity.ts` tells processes apart. */
export interface RunProcess {
  readonly pid: number;
  readonly startedAt: string;
  readonly bootId: string;
  readonly host: string;
}

/** The run in MLflow that stands for a run. */
export interface MlflowTie {
  /** The tracking server, without credentials. */
  readonly trackingUri: string;
  readonly experimentId: string;
  readonly runId: string;
  /** The experiment was made for this run. */
  readonly hasNewExperiment?: boolean;
}

/** The working tree when the run began. */
export interface GitState {
  readonly root: string;
  readonly revision?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly remote?: string;
  readonly isDirty?: boolean;
  readonly diffSha256?: string;
}

export interface RunCounts {
  readonly spans: number;
  readonly records: number;
  /** Records by the range of their severity. */
  readonly warnings: number;
  readonly errors: number;
  /** Stages by result. */
  readonly stages: Readonly<Partial<Record<Result, number>>>;
  readonly trials: number;
  /** Secrets that were masked. */
  readonly masked: number;
  /** Bytes or records that were lost. */
  readonly dropped: number;
  /** Records that were left out because another one says the same. */
  readonly suppressed: number;
}

/** One stage that ran, and the hashes of what it put out. */
export interface ProducedStage {
  readonly stage: string;
  readonly spanId: SpanId;
  readonly outs: readonly string[];
}

export interface FirstError {
  readonly uid: string;
  readonly stage?: string;
  readonly body: string;
  readonly stack?: string;
}
