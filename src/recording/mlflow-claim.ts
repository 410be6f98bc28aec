import type { PipelinePlace } from '../capture/describe-run.ts';
import type { MlflowTie } from '../model/run-info.ts';
import { readMlflowSettings } from '../sink/mlflow/settings.ts';
import type { MlflowConfig } from '../sink/mlflow/settings.ts';
import type { Tell } from './recording.ts';
import type { OwnRunOptions } from './own-run.ts';

/** Makes the pipeline's run in MLflow, where a tracking server is configured. What does it loads only then. */
export async function claimInMlflow(
  options: Pick<OwnRunOptions, 'command' | 'cwd' | 'env'> & {
    readonly mlflow: MlflowConfig;
    readonly home: string;
    readonly place: PipelinePlace;
    readonly tell: Tell;
  },
): Promise<MlflowTie | undefined> {
  const { command, cwd, env, home, place, tell } = options;
  const { pipeline, git } = place;
  const settings = readMlflowSettings(options.mlflow, env);
  if (settings.store?.type !== 'server') return undefined;
  const { claimMlflowRun } = await import('../sink/mlflow/claim.ts');
  return claimMlflowRun({
    settings,
    home,
    cwd,
    env,
    tell,
    command,
    // The command may hold secrets: it is written when they are masked.
    run: { pipeline, command: [], resource: {}, ...(git !== undefined && { git }) },
  });
}
