import type { CallOptions, MlflowApi } from './api.ts';
import { MlflowError } from './mlflow-error.ts';
import type { ExperimentChoice } from './settings.ts';

export interface ChosenExperiment {
  readonly experimentId: string;
  /** It was made just now, for this run. */
  readonly isNew: boolean;
}

export interface ExperimentWish {
  /** What the configuration or MLflow's variables say. */
  readonly choice: ExperimentChoice | undefined;
  /** Where the pipeline's own runs are, as far as that is known. */
  readonly ofChildren: string | undefined;
  readonly pipeline: string;
}

/**
 * The experiment for a run of ours: the configured one, else that of the runs that the user's code makes, else one that
 * is named after the pipeline. One that isn't there is made.
 * @throws {MlflowError}
 */
export async function chooseExperiment(
  api: MlflowApi,
  wish: ExperimentWish,
  options?: CallOptions,
): Promise<ChosenExperiment> {
  const { choice, ofChildren, pipeline } = wish;
  if (choice?.type === 'id') return findById(api, choice.id, options);
  if (choice === undefined && ofChildren !== undefined) {
    const known = await api.getExperiment(ofChildren, options);
    if (known?.isActive === true) return { experimentId: ofChildren, isNew: false };
  }
  return findOrCreate(api, choice?.name ?? pipeline, options);
}

async function findById(
  api: MlflowApi,
  experimentId: string,
  options?: CallOptions,
): Promise<ChosenExperiment> {
  const known = await api.getExperiment(experimentId, options);
  if (known?.isActive === true) return { experimentId, isNew: false };
  throw new MlflowError(
    'blocked',
    `MLflow at ${api.caller.place} has no experiment ${experimentId}: MLFLOW_EXPERIMENT_ID names it`,
  );
}

async function findOrCreate(
  api: MlflowApi,
  name: string,
  options?: CallOptions,
): Promise<ChosenExperiment> {
  const known = await api.findExperiment(name, options);
  if (known === undefined) {
    return { experimentId: await create(api, name, options), isNew: true };
  }
  if (known.isActive) return { experimentId: known.experimentId, isNew: false };
  throw new MlflowError(
    'blocked',
    `the experiment '${name}' is deleted in MLflow at ${api.caller.place}: restore it, or name another one in mlflow.experiment`,
  );
}

async function create(api: MlflowApi, name: string, options?: CallOptions): Promise<string> {
  try {
    return await api.createExperiment(name, options);
  } catch (error) {
    // Another run may have made it in between.
    const made = await api.findExperiment(name, options);
    if (made?.isActive === true) return made.experimentId;
    throw error;
  }
}
