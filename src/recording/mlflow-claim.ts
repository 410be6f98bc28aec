import type { PipelinePlace } from '../capture/describe-run.ts';
import type { RunId } from '../model/ids.ts';
import type { MlflowTie } from '../model/run-info.ts';
import { toUnixMs } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { readMlflowSettings } from '../sink/mlflow/settings.ts';
import type { MlflowConfig } from '../sink/mlflow/settings.ts';
import type { Tell } from './recording.ts';

export interface ClaimInMlflow {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly mlflow: MlflowConfig;
  readonly home: string;
  /** The run's ID if it gets none from MLflow. */
  readonly ownRunId: RunId;
  readonly startedAt: UnixTime;
  readonly place: PipelinePlace;
  readonly tell: Tell;
}

/** Makes the pipeline's run in MLflow, where a tracking server is configured. What does it loads only then. */
export async function claimInMlflow(request: ClaimInMlflow): Promise<MlflowTie | undefined> {
  const { command, cwd, env, home, ownRunId, startedAt, place, tell } = request;
  const { pipeline, git } = place;
  const settings = readMlflowSettings(request.mlflow, env);
  if (settings.store?.type !== 'server') return undefined;
  const { claimMlflowRun } = await import('../sink/mlflow/claim.ts');
  return claimMlflowRun({
    settings,
    home,
    ownRunId,
    startMs: toUnixMs(startedAt),
    cwd,
    env,
    tell,
    command,
    // The command may hold secrets: it is written when they are masked.
    run: { pipeline, command: [], resource: {}, ...(git !== undefined && { git }) },
  });
}
