import type { MlflowTie } from '../model/run-info.ts';
import { parseRunContext } from '../sink/mlflow/settings.ts';
import { TAG } from '../sink/mlflow/names.ts';

export interface MlflowContextRequest {
  readonly env: NodeJS.ProcessEnv;
  readonly runId: string;
  /** The stage that the command is. */
  readonly stage?: string | undefined;
  /** The pipeline's run, where it was made before the run began. */
  readonly mlflow?: MlflowTie | undefined;
}

/**
 * The variable by which MLflow ties every run that is started below the command to ours, with no edit. Tags that are in
 * it already stay. (Never `MLFLOW_RUN_ID`: the first run of a child would be the parent itself, and end it.)
 *
 * The parent is named only where the children's own variable leads them to the server that has it: nothing may point to
 * a parent that isn't there. Elsewhere the children are found by the run's ID, and get their parent then.
 */
export function toMlflowVariables(request: MlflowContextRequest): NodeJS.ProcessEnv {
  const { env, runId, stage, mlflow } = request;
  const given = parseRunContext(env['MLFLOW_RUN_CONTEXT']);
  // One that can't be read is the user's to mend: MLflow warns him of it.
  if (given === undefined) return {};
  const isNamedByEnv = mlflow !== undefined && isServerOf(env, mlflow);
  const context = {
    ...given,
    ...(isNamedByEnv && { [TAG.parentRunId]: mlflow.runId }),
    [TAG.runId]: runId,
    ...(stage !== undefined && { [TAG.stage]: stage }),
  };
  return { MLFLOW_RUN_CONTEXT: JSON.stringify(context) };
}

/** Whether MLflow's own variable names the server, which is known without its credentials. */
function isServerOf(env: NodeJS.ProcessEnv, { trackingUri }: MlflowTie): boolean {
  const uri = env['MLFLOW_TRACKING_URI'] ?? '';
  if (!URL.canParse(uri)) return false;
  const { origin, pathname } = new URL(uri);
  return `${origin}${pathname.replace(/\/+$/, '')}` === trackingUri;
}
