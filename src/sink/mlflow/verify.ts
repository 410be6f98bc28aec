import { ATTR } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { toUnixMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MlflowApi, MlflowRun } from './api.ts';
import { comparePipeline, compareTrial } from './compare-run.ts';
import type { MlflowFinding } from './compare-run.ts';
import { connectTo } from './connect.ts';
import { Course } from './course.ts';
import { readMlflowCursor, readTiedRuns } from './cursor.ts';
import { TAG } from './names.ts';
import { RelatedRuns } from './related-runs.ts';
import { toLink } from './run-link.ts';
import { RunReader } from './run-reader.ts';
import { parseStore } from './settings.ts';
import type { MlflowSettings } from './settings.ts';

/** How MLflow compares with a run. */
export interface MlflowVerdict {
  /** The run's page, or its store. */
  readonly url: string;
  readonly trialCount: number;
  /** Runs that carry the run's ID. */
  readonly runCount: number;
  /** The user's own runs inside it. */
  readonly userRunCount: number;
  readonly findings: readonly MlflowFinding[];
}

/** Clocks differ. */
const SLACK_MS = 1000;

/**
 * Compares what MLflow holds of a run with the run, on a server or in a store without one; `undefined` for a run that wasn't
 * to be written there.
 * @throws {MlflowError} when it can't be asked
 */
export async function verifyInMlflow(
  { runDir, info }: { readonly runDir: string; readonly info: RunInfo },
  settings: MlflowSettings,
): Promise<MlflowVerdict | undefined> {
  const cursor = readMlflowCursor(runDir);
  if (cursor === undefined || cursor.isDiscarded === true) return undefined;
  if (cursor.parent === undefined) return cursor.isDone ? undefined : toUnsent(cursor.place);
  const store = parseStore(cursor.place, settings.env);
  if (store === undefined) return undefined;
  const { requestTimeoutMs: timeoutMs, env } = settings;
  const api = connectTo(store, { timeoutMs, cwd: info.cwd, env });
  try {
    const { url } = toLink(cursor.place, cursor.parent);
    const parent = await api.getRun(cursor.parent.runId);
    if (parent?.isActive !== true) {
      const text = `run ${cursor.parent.runId} isn't there any more`;
      return { url, ...NONE, findings: [{ kind: 'missing', text }] };
    }
    return { url, ...(await compare({ api, info, parent, runDir })) };
  } finally {
    api.caller.close();
  }
}

const NONE = { trialCount: 0, runCount: 0, userRunCount: 0 };

/** It was to be written there, and never was: that nothing could be reached is told by `push`. */
function toUnsent(url: string): MlflowVerdict {
  const text = "the run isn't there yet; to send it: stagelight push";
  return { url, ...NONE, findings: [{ kind: 'missing', text }] };
}

interface Compared {
  readonly api: MlflowApi;
  readonly info: RunInfo;
  readonly parent: MlflowRun;
  readonly runDir: string;
}

async function compare(of: Compared): Promise<Omit<MlflowVerdict, 'url'>> {
  const { api, info, parent, runDir } = of;
  const { course, told } = readCourse(of);
  const related = new RelatedRuns(api, info.runId);
  const users = await related.findUsers(parent.startMs - SLACK_MS);
  const runs = new Map(users.map((run) => [run.runId, run]));
  const own = await related.findOwn(parent.experimentId, (run) => runs.set(run.runId, run));
  const tied = readTiedRuns(runDir);
  const find = async (runId: string | undefined) =>
    runId === undefined ? undefined : (runs.get(runId) ?? (await api.getRun(runId)));
  const findings: MlflowFinding[] = [];
  for (const trial of course.trials) {
    const { spanId } = trial;
    const run = await find(own.get(spanId)?.runId ?? tied.get(spanId)?.runId);
    findings.push(...compareTrial({ trial, points: course.series.take(spanId), run }));
  }
  for (const [runId, name] of told) {
    if ((await find(runId))?.isActive === true) continue;
    findings.push({ kind: 'missing', text: `run ${runId}, which ${name} made, isn't there` });
  }
  if (course.root !== undefined) findings.push(...comparePipeline(course.root, course, parent));
  findings.push(...(await findStrangers({ ...of, root: course.root, users })));
  return {
    trialCount: course.trials.length,
    runCount: runs.size + 1,
    userRunCount: users.length,
    findings,
  };
}

/** The run's course, and the runs that its programs told of, with the names of the spans that they were made in. */
function readCourse({ runDir, info }: Compared): {
  readonly course: Course;
  readonly told: ReadonlyMap<string, string>;
} {
  const course = new Course(runDir, info);
  const told = new Map<string, string>();
  const reader = new RunReader(runDir);
  const visitor = {
    // Lines don't matter here: only what tells of the course is kept.
    record: (record: Parameters<Course['record']>[0]) => {
      if (record.eventName !== undefined) course.record(record);
    },
    span: (span: StoredSpan) => {
      course.span(span);
      const runId = toToldRunId(span, info.rootSpanId);
      if (runId !== undefined) told.set(runId, span.name);
    },
  };
  while (reader.read(visitor, PIECE_BYTES));
  return { course, told };
}

const PIECE_BYTES = 16 * 1024 * 1024;

/** A trial's own run is compared with the trial. */
function toToldRunId({ spanId, attributes }: StoredSpan, rootSpanId: SpanId): string | undefined {
  const runId = attributes[ATTR.mlflowRunId];
  const isOther = spanId !== rootSpanId && attributes[ATTR.trialNumber] === undefined;
  return isOther && typeof runId === 'string' ? runId : undefined;
}

/** Runs that aren't where they belong: another pipeline's inside this one, and this one's that nothing ties to it. */
async function findStrangers({
  api,
  info,
  parent,
  root,
  users,
}: Compared & {
  readonly root: StoredSpan | undefined;
  readonly users: readonly MlflowRun[];
}): Promise<MlflowFinding[]> {
  const findings: MlflowFinding[] = [];
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
