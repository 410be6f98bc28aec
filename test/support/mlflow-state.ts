import type { MlflowRun } from '../../src/sink/mlflow/api.ts';
import type { MlflowServer } from './mlflow-server.ts';

/** All that MLflow holds of a run, without what differs from run to run: to compare. */
export interface MlflowState {
  readonly runs: readonly object[];
  readonly artifacts: readonly string[];
  readonly trace: { readonly state: string; readonly spans: readonly string[] } | undefined;
  /** Values of one metric with their steps, by the run's name. */
  readonly histories: Readonly<Record<string, readonly [step: number, value: number][]>>;
}

/** All runs that belong to a run, by their ID; those that were deleted are none. */
export async function findRuns(server: MlflowServer, runId: string): Promise<MlflowRun[]> {
  const experiments = await server.api.listExperiments();
  const runs: MlflowRun[] = [];
  const search = {
    experimentIds: experiments.map(({ experimentId }) => experimentId),
    filter: `tags.\`stagelight.run_id\` = '${runId}'`,
  };
  for await (const found of server.api.searchRuns(search)) runs.push(found);
  return runs;
}

export async function readState(
  server: MlflowServer,
  runId: string,
  metric = 'dvc/loss',
): Promise<MlflowState> {
  const runs = await findRuns(server, runId);
  const parent = runs.find(({ tags }) => tags['stagelight.kind'] === 'pipeline');
  if (parent === undefined) throw new Error(`no pipeline run for ${runId}`);
  const names = new Map(runs.map((run) => [run.runId, run.name]));
  const histories: Record<string, [number, number][]> = {};
  for (const run of runs) {
    if (run.metrics[metric] === undefined) continue;
    const query = new URLSearchParams({ run_id: run.runId, metric_key: metric });
    const { metrics } = await server.get(`/api/2.0/mlflow/metrics/get-history?${query.toString()}`);
    histories[run.name] = metrics.map(({ step, value }: { step: number; value: number }) => [
      step,
      value,
    ]);
  }
  return {
    runs: runs.map((run) => toComparable(run, names)).toSorted(byName),
    artifacts: await listArtifacts(server, parent.runId),
    trace: await readTrace(server, parent.tags['stagelight.trace_id'] ?? runId),
    histories,
  };
}

const OF_ONE_RUN = /^(?:stagelight\.(?:run_id|url|span_id|host|trace_id)|mlflow\.parentRunId)$/;

function toComparable(run: MlflowRun, names: ReadonlyMap<string, string>) {
  const { name, status, startMs, endMs, params, metrics, tags } = run;
  return {
    name,
    status,
    startMs,
    endMs,
    params,
    metrics,
    parent: names.get(tags['mlflow.parentRunId'] ?? ''),
    tags: Object.fromEntries(
      Object.entries(tags)
        .filter(([key]) => !OF_ONE_RUN.test(key))
        .map(([key, value]) => [key, key === 'mlflow.note.content' ? withoutIds(value) : value]),
    ),
  };
}

/** A run's description leads to its log and trace, by their IDs. */
function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{32}/g, '<id>');
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

async function listArtifacts(server: MlflowServer, runId: string, path = ''): Promise<string[]> {
  const query = new URLSearchParams({ run_id: runId, path });
  const { files = [] } = await server.get(`/api/2.0/mlflow/artifacts/list?${query.toString()}`);
  const lists: string[][] = await Promise.all(
    files.map(async (file: { path: string; is_dir: boolean }) =>
      file.is_dir ? listArtifacts(server, runId, file.path) : [file.path],
    ),
  );
  return lists.flat().toSorted();
}

async function readTrace(server: MlflowServer, traceId: string): Promise<MlflowState['trace']> {
  try {
    const { trace } = await server.get(`/api/3.0/mlflow/traces/get?trace_id=tr-${traceId}`);
    const spans = trace.spans.map(({ name }: { name: string }) => name).toSorted();
    return { state: trace.trace_info.state, spans };
  } catch {
    return undefined;
  }
}
