import { existsSync } from 'node:fs';
import type { RunInfo } from '../../model/run-info.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { ArtifactWriter } from './artifact-writer.ts';
import { MAX_IN_FLIGHT, connectTo } from './connect.ts';
import type { Course } from './course.ts';
import { forEachInFlight } from './in-flight.ts';
import { splitBatch } from './limits.ts';
import { TAG } from './names.ts';
import { toMostCommon } from './parent.ts';
import type { PipelineState } from './pipeline-state.ts';
import { RelatedRuns } from './related-runs.ts';
import { parseStore } from './settings.ts';
import type { MlflowSettings, MlflowStore } from './settings.ts';

export interface OtherStoresOptions {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly course: Course;
  readonly settings: MlflowSettings;
  /** The pipeline's run, and where that is. */
  readonly main: { readonly place: string; readonly parent: MlflowRun };
  readonly tags: Readonly<Record<string, string>>;
  readonly state: PipelineState;
  readonly onNote: (note: string) => void;
}

/** Programs that choose a store themselves choose one or two. */
const MAX_STORES = 5;

/**
 * Where some of the pipeline's programs keep their runs elsewhere (`mlflow.set_tracking_uri`), those were told of a parent
 * that their store hasn't: the pipeline's run is written there as well, and they are put in it. What can't be reached any
 * more is only noted: the run itself is written.
 */
export async function writeOtherStores(
  options: OtherStoresOptions,
  call: CallOptions,
): Promise<void> {
  const { course, main, info, settings, onNote } = options;
  const stores = course.trackingUris.flatMap((uri) => parseStore(uri, settings.env) ?? []);
  const others = stores.filter((store) => toAddress(store) !== main.place).slice(0, MAX_STORES);
  for (const store of others) {
    if (store.type === 'local' && !isThere(store.uri)) continue;
    const { requestTimeoutMs: timeoutMs, env } = settings;
    const api = connectTo(store, { timeoutMs, cwd: info.cwd, env });
    try {
      await writeTo(api, options, call);
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      onNote(`the runs in ${api.caller.place} aren't put in the pipeline's: ${String(error)}`);
    } finally {
      api.caller.close();
    }
  }
}

async function writeTo(
  api: MlflowApi,
  options: OtherStoresOptions,
  call: CallOptions,
): Promise<void> {
  const { info, main, state, tags, runDir, course } = options;
  const related = new RelatedRuns(api, info.runId);
  const users = await related.findUsers(main.parent.startMs, call);
  const experimentId = toMostCommon(users.map((run) => run.experimentId));
  if (experimentId === undefined) return;
  const { name, startMs } = main.parent;
  const wanted = { experimentId, name, startMs, tags, wantedId: main.parent.runId };
  const parent = (await related.findPipeline(call)) ?? (await api.createRun(wanted, call));
  const strays = users.filter(({ tags: { [TAG.parentRunId]: parentId } }) =>
    [undefined, main.parent.runId].includes(parentId),
  );
  await forEachInFlight(strays, MAX_IN_FLIGHT, (run) =>
    api.setTag(run.runId, [TAG.parentRunId, parent.runId], call),
  );
  const { stageLogs } = course;
  const onProblem = (reason: string) => options.onNote(`the logs aren't there: ${reason}`);
  await new ArtifactWriter({ api, run: parent, runDir, stageLogs, onProblem }).finish(call);
  for (const batch of splitBatch({ ...state, tags })) {
    await api.logBatch(parent.runId, batch, call);
  }
  await api.endRun({ runId: parent.runId, ...state }, call);
}

function toAddress(store: MlflowStore): string {
  return store.type === 'server' ? store.url : store.uri;
}

/** Opening a database that is gone would make an empty one. */
function isThere(uri: string): boolean {
  const path = uri.replace(/^sqlite(?:\+\w+)?:\/\/\//, '');
  return /^[a-z][\w+.-]*:/i.test(path) || existsSync(path);
}
