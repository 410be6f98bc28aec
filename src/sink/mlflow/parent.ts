import type { RunInfo } from '../../model/run-info.ts';
import { parseNanoString, toUnixMs } from '../../model/time.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { chooseExperiment } from './experiment.ts';
import { toLeaseTag } from './lease.ts';
import { TAG } from './names.ts';
import { toPipelineTags } from './pipeline-tags.ts';
import type { RelatedRuns } from './related-runs.ts';
import type { ExperimentChoice } from './settings.ts';

export interface ParentOptions {
  readonly api: MlflowApi;
  readonly info: RunInfo;
  readonly runDir: string;
  readonly related: RelatedRuns;
  readonly experiment: ExperimentChoice | undefined;
  /** Where the pipeline's runs were the last time. */
  readonly recalled: string | undefined;
}

/** The pipeline's run in MLflow, if it is there: made before the run began, or by another writer. */
export async function findParent(
  { api, info, related }: ParentOptions,
  options?: CallOptions,
): Promise<MlflowRun | undefined> {
  const ids = new Set([info.mlflow?.runId ?? info.runId, info.runId]);
  for (const id of ids) {
    const run = await api.getRun(id, options);
    if (run !== undefined) return run;
  }
  return related.findPipeline(options);
}

/** Where the pipeline's run goes: where the user's own runs are, unless something is configured. */
export async function chooseParentExperiment(
  { api, info, related, experiment, recalled }: ParentOptions,
  options?: CallOptions,
): Promise<string> {
  const startMs = toStartMs(info);
  const children = experiment === undefined ? await related.findUsers(startMs, options) : [];
  const ofChildren = toMostCommon(children.map(({ experimentId }) => experimentId)) ?? recalled;
  const wish = { choice: experiment, ofChildren, pipeline: info.pipeline };
  return (await chooseExperiment(api, wish, options)).experimentId;
}

/** Makes the pipeline's run. */
export async function createParent(
  { api, info, runDir }: ParentOptions,
  experimentId: string,
  options?: CallOptions,
): Promise<MlflowRun> {
  return api.createRun(
    {
      experimentId,
      name: info.pipeline,
      startMs: toStartMs(info),
      wantedId: info.runId,
      tags: { ...toPipelineTags(info, info.runId), [TAG.lease]: toLeaseTag(runDir) },
    },
    options,
  );
}

function toStartMs({ startedAt }: RunInfo): number {
  return toUnixMs(parseNanoString(startedAt) ?? [0, 0]);
}

export function toMostCommon(ids: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}
