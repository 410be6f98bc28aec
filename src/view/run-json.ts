import type { RunInfo } from '../model/run-info.ts';
import { readRunLink } from '../sink/mlflow/run-link.ts';
import type { MlflowLink } from '../sink/mlflow/run-link.ts';
import type { OpenedRun, RunState } from './open-run.ts';
import { toEndTime, toRunDurationMs, toRunStatus, toStartTime } from './run-status.ts';
import type { Status } from './run-status.ts';
import { toIsoTime } from './text/units.ts';

/** A run as `--json` shows it; what isn't known is left out. docs/reading-runs.md describes it. */
export interface RunJson extends Pick<
  RunInfo,
  'runId' | 'traceId' | 'pipeline' | 'command' | 'cwd' | 'kind' | 'attempt' | 'priorId' | 'counts'
> {
  readonly state: RunState;
  readonly result: Status;
  readonly errorType?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly startUnixNano: string;
  readonly endedAt?: string;
  readonly endUnixNano?: string;
  /** So far, for one that runs. */
  readonly durationMs: number;
  readonly git?: Omit<NonNullable<RunInfo['git']>, 'root'>;
  readonly runDir: string;
  /** The run in MLflow that stands for it. */
  readonly mlflow?: MlflowLink;
}

export function toRunJson(run: OpenedRun): RunJson {
  const { info, state, runDir } = run;
  return {
    runId: info.runId,
    traceId: info.traceId,
    pipeline: info.pipeline,
    state,
    result: toRunStatus(run),
    ...pick(info, ['errorType', 'exitCode', 'signal', 'kind', 'attempt', 'priorId']),
    startedAt: toIsoTime(toStartTime(run)),
    startUnixNano: info.startedAt,
    ...(info.endedAt !== undefined && {
      endedAt: toIsoTime(toEndTime(run)),
      endUnixNano: info.endedAt,
    }),
    durationMs: toRunDurationMs(run),
    command: info.command,
    cwd: info.cwd,
    ...(info.git !== undefined && {
      git: pick(info.git, ['branch', 'tag', 'revision', 'remote', 'isDirty', 'diffSha256']),
    }),
    ...pick(info, ['counts']),
    runDir,
    ...toMlflowJson(runDir),
  };
}

function toMlflowJson(runDir: string): { mlflow?: MlflowLink } {
  const mlflow = readRunLink(runDir);
  return mlflow === undefined ? {} : { mlflow };
}

/** The named properties that there are. */
function pick<Source extends object, Key extends keyof Source>(
  source: Source,
  keys: readonly Key[],
): Pick<Source, Key> {
  const entries = keys.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]);
  return Object.fromEntries(entries) as Pick<Source, Key>;
}
