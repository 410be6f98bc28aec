import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { MAX_IN_FLIGHT } from './connect.ts';
import { rememberExperiment } from './home-memory.ts';
import { forEachInFlight } from './in-flight.ts';
import { TAG } from './names.ts';
import { toMostCommon } from './parent.ts';
import type { RelatedRuns } from './related-runs.ts';

/**
 * The user's own runs that couldn't be told of their parent when they began, since it wasn't there yet: they get it now.
 * Where they are is where the pipeline's next run belongs.
 */
export async function adoptRuns(
  of: {
    readonly api: MlflowApi;
    readonly parent: MlflowRun;
    readonly related: RelatedRuns;
    readonly home: string;
    readonly pipeline: string;
  },
  options: CallOptions,
): Promise<void> {
  const { api, parent, related, home, pipeline } = of;
  const users = await related.findUsers(parent.startMs, options);
  const orphans = users.filter(({ tags }) => tags[TAG.parentRunId] === undefined);
  await forEachInFlight(orphans, MAX_IN_FLIGHT, (run) =>
    api.setTag(run.runId, [TAG.parentRunId, parent.runId], options),
  );
  const experimentId = toMostCommon(users.map((run) => run.experimentId));
  if (experimentId === undefined) return;
  rememberExperiment(home, { place: api.caller.place, pipeline }, experimentId);
}
