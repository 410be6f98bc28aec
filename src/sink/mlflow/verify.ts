import { join } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { toUnixMs } from '../../model/time.ts';
import { FILE } from '../../spool/layout.ts';
import { readSpans } from '../../spool/signal-reader.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MlflowApi, MlflowRun } from './api.ts';
import { connectTo } from './connect.ts';
import { readMlflowCursor, readTiedRuns } from './cursor.ts';
import { Cuts } from './limits.ts';
import { TAG } from './names.ts';
import { toRunStatus } from './pipeline-state.ts';
import { RelatedRuns } from './related-runs.ts';
import { toLink } from './run-link.ts';
import { parseStore } from './settings.ts';
import type { MlflowSettings } from './settings.ts';
import { describeTrial, toParamValues } from './trial.ts';

/** How MLflow compares with a run. */
export interface MlflowVerdict {
  /** The run's page, or its store. */
  readonly url: string;
  readonly trialCount: number;
  /** The user's own runs inside it. */
  readonly userRunCount: number;
  readonly findings: readonly MlflowFinding[];
}

export interface MlflowFinding {
  readonly kind: 'missing' | 'differs' | 'foreign' | 'untied' | 'duration';
  /** A line for people. */
  readonly text: string;
}

/** Durations that differ by less are the same: two programs read their clocks. */
const SLACK_MS = 1000;

/**
 * Compares what MLflow holds of a run with the run; `undefined` for one that was never written there.
 * @throws {MlflowError} when it can't be asked
 */
export async function verifyInMlflow(
  { runDir, info }: { readonly runDir: string; readonly info: RunInfo },
  settings: MlflowSettings,
): Promise<MlflowVerdict | undefined> {
  const cursor = readMlflowCursor(runDir);
  if (cursor?.parent === undefined || cursor.isDiscarded === true) return undefined;
  const store = parseStore(cursor.place, settings.env);
  if (store === undefined) return undefined;
  const { requestTimeoutMs: timeoutMs, env } = settings;
  const api = connectTo(store, { timeoutMs, cwd: info.cwd, env });
  try {
    const { url } = toLink(cursor.place, cursor.parent);
    const spans = [...readSpans(join(runDir, FILE.traces))];
    const parent = await api.getRun(cursor.parent.runId);
    if (parent?.isActive !== true) {
      const text = `run ${cursor.parent.runId} isn't there any more`;
      return { url, trialCount: 0, userRunCount: 0, findings: [{ kind: 'missing', text }] };
    }
    return { url, ...(await compare({ api, info, parent, spans, runDir })) };
  } finally {
    api.caller.close();
  }
}

interface Compared {
  readonly api: MlflowApi;
  readonly info: RunInfo;
  readonly parent: MlflowRun;
  readonly spans: readonly StoredSpan[];
  readonly runDir: string;
}

async function compare(of: Compared): Promise<Omit<MlflowVerdict, 'url'>> {
  const { api, info, parent, spans, runDir } = of;
  const related = new RelatedRuns(api, info.runId);
  const users = await related.findUsers(parent.startMs - SLACK_MS);
  const own = await related.findOwn(parent.experimentId);
  const tied = readTiedRuns(runDir);
  const trials = spans.filter(({ attributes }) => attributes[ATTR.trialNumber] !== undefined);
  const findings: MlflowFinding[] = [...compareParent(of)];
  for (const trial of trials) {
    const runId = own.get(trial.spanId)?.runId ?? tied.get(trial.spanId)?.runId;
    const run = runId === undefined ? undefined : await api.getRun(runId);
    findings.push(...compareTrial(trial, run));
  }
  findings.push(...(await findStrangers(of, users)));
  return { trialCount: trials.length, userRunCount: users.length, findings };
}

function* compareParent({ spans, info, parent }: Compared): Generator<MlflowFinding> {
  const root = spans.find(({ spanId }) => spanId === info.rootSpanId);
  if (root === undefined) return;
  const status = toRunStatus(root.attributes, ATTR.pipelineResult);
  if (status === parent.status) return;
  yield { kind: 'differs', text: `the pipeline's run is ${parent.status}, not ${status}` };
}

function* compareTrial(trial: StoredSpan, run: MlflowRun | undefined): Generator<MlflowFinding> {
  const { name, startMs, endMs } = describeTrial(trial, undefined);
  if (run === undefined || !run.isActive) {
    yield { kind: 'missing', text: `${name} has no run` };
    return;
  }
  const params = Object.entries(toParamValues(trial, new Cuts()));
  for (const [key, value] of params) {
    const there = run.params[key];
    if (there === value || Number(there) === Number(value)) continue;
    yield { kind: 'differs', text: `${name}: ${key} is ${there ?? 'missing'}, not ${value}` };
  }
  const value = trial.attributes[ATTR.trialValue];
  const held = run.metrics['dvc/value'];
  if (typeof value === 'number' && !Object.is(held, value)) {
    yield { kind: 'differs', text: `${name}: its value is ${held ?? 'missing'}, not ${value}` };
  }
  const heldMs = (run.endMs ?? run.startMs) - run.startMs;
  if (Math.abs(heldMs - (endMs - startMs)) > SLACK_MS) {
    const text = `${name} took ${toSeconds(endMs - startMs)}, its run says ${toSeconds(heldMs)}`;
    yield { kind: 'duration', text };
  }
}

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Runs that aren't where they belong: another pipeline's inside this one, and this one's that nothing ties to it. */
async function findStrangers(
  { api, info, parent, spans }: Compared,
  users: readonly MlflowRun[],
): Promise<MlflowFinding[]> {
  const findings: MlflowFinding[] = [];
  const root = spans.find(({ spanId }) => spanId === info.rootSpanId);
  const endMs = root === undefined ? Date.now() : toUnixMs(root.end);
  const experimentIds = [...new Set([parent, ...users].map(({ experimentId }) => experimentId))];
  const filter = `attributes.start_time >= ${Math.floor(parent.startMs)} AND attributes.start_time <= ${Math.ceil(endMs)}`;
  for await (const run of api.searchRuns({ experimentIds, filter })) {
    const runId = run.tags[TAG.runId];
    if (run.runId === parent.runId || runId === info.runId) continue;
    if (run.tags[TAG.parentRunId] === parent.runId) {
      const text = `run '${run.name}' (${run.runId}) of another pipeline run lies inside`;
      findings.push({ kind: 'foreign', text });
    } else if (runId === undefined) {
      const text = `run '${run.name}' (${run.runId}) began meanwhile and isn't tied to any pipeline run: MlflowClient().create_run doesn't read MLFLOW_RUN_CONTEXT`;
      findings.push({ kind: 'untied', text });
    }
  }
  return findings;
}
