import type { ProbeResult } from '../destination.ts';
import type { Experiment } from './api.ts';
import { connectTo } from './connect.ts';
import { toPlace } from './settings.ts';
import type { ExperimentChoice, MlflowSettings } from './settings.ts';

/**
 * Asks MLflow for its experiments. Nothing is written: MLflow deletes nothing wholly, so that each canary would stay.
 * @param cwd what a local store's path is relative to
 */
export async function probeMlflow(
  settings: MlflowSettings,
  { cwd, signal }: { readonly cwd: string; readonly signal: AbortSignal },
): Promise<ProbeResult> {
  const { store, experiment, requestTimeoutMs: timeoutMs, env } = settings;
  const what = `runs to ${toPlace(settings)}`;
  if (store === undefined) return { what, isOk: true, answer: 'not asked before there is a run' };
  try {
    const api = connectTo(store, { timeoutMs, cwd, env });
    try {
      return { what, ...judge(await api.listExperiments({ signal }), experiment) };
    } finally {
      api.caller.close();
    }
  } catch (error) {
    return { what, isOk: false, answer: (error as Error).message };
  }
}

/** Whether the experiment that is configured can be written to. */
function judge(
  experiments: readonly Experiment[],
  choice: ExperimentChoice | undefined,
): Omit<ProbeResult, 'what'> {
  const count = `it answers, with ${experiments.length} experiment${experiments.length === 1 ? '' : 's'}`;
  if (choice === undefined) return { isOk: true, answer: count };
  if (choice.type === 'id') {
    const known = experiments.find(({ experimentId }) => experimentId === choice.id);
    if (known?.isActive === true) return { isOk: true, answer: `${count}; ${known.name} is there` };
    const answer = `it has no experiment ${choice.id}: MLFLOW_EXPERIMENT_ID names it`;
    return { isOk: false, answer };
  }
  const isThere = experiments.some(({ name }) => name === choice.name);
  const willBe = isThere ? 'is there' : 'will be made by the first run';
  return { isOk: true, answer: `${count}; ${choice.name} ${willBe}` };
}
