import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { RunId } from '../../model/ids.ts';
import type { MlflowTie } from '../../model/run-info.ts';
import { connectTo } from './connect.ts';
import { chooseExperiment } from './experiment.ts';
import { forgetDead, isKnownDead, recallExperiment, rememberDead } from './home-memory.ts';
import { isFault } from './mlflow-error.ts';
import { TAG } from './names.ts';
import { toPipelineTags } from './pipeline-tags.ts';
import type { BeginningRun } from './pipeline-tags.ts';
import type { MlflowSettings } from './settings.ts';
import { willWork } from './work.ts';

export interface ClaimRequest {
  readonly settings: MlflowSettings;
  /** The project's home folder, where a dead server is remembered. */
  readonly home: string;
  readonly run: BeginningRun;
  /** The run's ID if it gets none from MLflow. Should the answer be lost, the run made there is found by it. */
  readonly ownRunId: RunId;
  /** When it began, in Unix milliseconds. */
  readonly startMs: number;
  /** What is going to be run; it isn't sent. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (message: string) => void;
}

/**
 * Makes the pipeline's run in MLflow before the run begins, so that its ID can be the run's: pipeline run, trace and
 * MLflow run are then one string. `undefined` when there is no server, when it doesn't answer in time (which is
 * remembered: the next runs don't wait for it), or when the command is none that will do any work.
 */
export async function claimMlflowRun(request: ClaimRequest): Promise<MlflowTie | undefined> {
  const { settings, home, command, tell } = request;
  const { store } = settings;
  if (store?.type !== 'server' || isKnownDead(home, store.url)) return undefined;
  if (!willWork(command) || !isThere(request)) return undefined;
  try {
    const tie = await claim(request, AbortSignal.timeout(settings.startTimeoutMs));
    forgetDead(home, store.url);
    return tie;
  } catch (error) {
    if (isFault(error, 'retry')) rememberDead(home, store.url);
    tell(`${(error as Error).message}; the run has an ID of its own, and MLflow gets it later`);
    return undefined;
  }
}

async function claim(
  { settings, home, run, ownRunId, startMs, cwd, env }: ClaimRequest,
  signal: AbortSignal,
): Promise<MlflowTie> {
  const store = settings.store!;
  const api = connectTo(store, { timeoutMs: settings.startTimeoutMs, cwd, env });
  try {
    const { place } = api.caller;
    const ofChildren = recallExperiment(home, { place, pipeline: run.pipeline });
    const { experimentId, isNew } = await chooseExperiment(
      api,
      { choice: settings.experiment, ofChildren, pipeline: run.pipeline },
      { signal },
    );
    const { runId } = await api.createRun(
      {
        experimentId,
        name: run.pipeline,
        startMs,
        tags: { ...toPipelineTags(run, ownRunId), ...toOuterTags(settings) },
      },
      { signal },
    );
    return { trackingUri: place, experimentId, runId, ...(isNew && { hasNewExperiment: true }) };
  } finally {
    api.caller.close();
  }
}

/** Where this pipeline is itself a part of somebody's run: he said so by MLflow's own variable. */
function toOuterTags({ context }: MlflowSettings): Record<string, string> {
  const parent = context?.[TAG.parentRunId];
  return parent === undefined ? {} : { [TAG.parentRunId]: parent };
}

/** Whether there is such a program: a run of one that isn't there does nothing. */
function isThere({ command, cwd, env }: ClaimRequest): boolean {
  const program = command[0] ?? '';
  if (program.includes('/')) return existsSync(isAbsolute(program) ? program : join(cwd, program));
  return (env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
