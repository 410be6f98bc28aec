import { dirname } from 'node:path';
import type { RunInfo } from '../../model/run-info.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { ArtifactWriter } from './artifact-writer.ts';
import { connectTo } from './connect.ts';
import type { Course } from './course.ts';
import { appendTiedRuns, readTiedRuns, writeMlflowCursor } from './cursor.ts';
import type { MlflowCursor, TiedRun } from './cursor.ts';
import { recallExperiment, rememberExperiment } from './home-memory.ts';
import { Lease } from './lease.ts';
import { Cuts, splitBatch } from './limits.ts';
import { MlflowError } from './mlflow-error.ts';
import { createParent, findParent, toMostCommon } from './parent.ts';
import type { ParentOptions } from './parent.ts';
import { toPipelineState } from './pipeline-state.ts';
import { toPipelineTags, toSourceTags } from './pipeline-tags.ts';
import { Refusals } from './refusals.ts';
import { RelatedRuns } from './related-runs.ts';
import type { MlflowSettings } from './settings.ts';
import { StageWriter } from './stage-writer.ts';
import { TraceWriter } from './trace-writer.ts';
import { TrialWriter } from './trial-writer.ts';

export interface RunWriterOptions {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly settings: MlflowSettings;
  readonly course: Course;
  /** Where it goes on. */
  readonly cursor: MlflowCursor;
}

interface OpenedParent {
  readonly api: MlflowApi;
  readonly parent: MlflowRun;
  readonly related: RelatedRuns;
  readonly trials: TrialWriter;
  readonly stages: StageWriter | undefined;
  readonly lease: Lease;
  readonly artifacts: ArtifactWriter;
  readonly trace: TraceWriter;
}

/** Writes one run to MLflow: opens its parent, keeps the lease, and hands the parts to those who write them. */
export class RunWriter {
  readonly refusals: Refusals;
  readonly notes: string[] = [];
  readonly #options: RunWriterOptions;
  readonly #cuts = new Cuts();
  readonly #newlyTied: TiedRun[] = [];
  #cursor: MlflowCursor;
  #isBegun = false;
  #api: MlflowApi | undefined;
  #opened: OpenedParent | undefined;

  constructor(options: RunWriterOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
    this.refusals = new Refusals(options.cursor);
  }

  /** Notes that the run is to be written: should it never come to that, a later `push` knows. */
  begin(): void {
    if (this.#isBegun) return;
    this.#save({});
    this.#isBegun = true;
  }

  /** Finds or makes the parent, and takes the lease; gives until when (Unix ms) another one has that. */
  async open(options: CallOptions): Promise<number | undefined> {
    this.#opened ??= await this.#openParent(options);
    return this.#opened.lease.hold(options);
  }

  /** Writes some of what has ended; gives whether there was anything. */
  async write(
    what: { readonly maxTrials: number; readonly spansReadBytes: number },
    options: CallOptions,
  ): Promise<boolean> {
    const { trace, artifacts, stages } = this.#opened!;
    const hasStages = await stages?.write(options);
    const hasWritten = await this.#writeTrials(what.maxTrials, options);
    const hasSent = await trace.write(what.spansReadBytes, options);
    return (await artifacts.renew(options)) || hasWritten || hasSent || hasStages === true;
  }

  async #writeTrials(maxCount: number, options: CallOptions): Promise<boolean> {
    if (this.#options.course.trials.length === 0) return false;
    try {
      await this.#opened!.trials.write(maxCount, options);
    } finally {
      appendTiedRuns(this.#options.runDir, this.#newlyTied.splice(0));
    }
    return true;
  }

  /** Everything has ended and is written: the parent's own part. */
  async finish(root: StoredSpan, options: CallOptions): Promise<void> {
    const { api, parent, trials, lease, artifacts, trace } = this.#opened!;
    await trials.writeLate(options);
    await artifacts.finish(options);
    await trace.finish(options);
    await this.#rememberExperiment(options);
    const state = toPipelineState(root, this.#options.course, this.#cuts);
    for (const batch of splitBatch(state)) await api.logBatch(parent.runId, batch, options);
    await api.endRun({ runId: parent.runId, ...state }, options);
    await lease.release(options);
    this.#save({ isDone: true });
    this.#options.course.stageLogs.delete();
  }

  /** The run did nothing: what was made of it before it began goes again. */
  async discard(options: CallOptions): Promise<void> {
    const runId = this.#cursor.parent?.runId ?? this.#options.info.mlflow?.runId;
    if (runId !== undefined) {
      const api = this.#connect();
      const run = await api.getRun(runId, options);
      if (run?.isActive === true) await api.deleteRun(runId, options);
    }
    this.#save({ isDone: true, isDiscarded: true });
  }

  close(): void {
    this.#api?.caller.close();
    this.#api = undefined;
    this.#opened = undefined;
  }

  #connect(): MlflowApi {
    const { store, requestTimeoutMs } = this.#options.settings;
    if (store === undefined) {
      throw new MlflowError('blocked', 'no MLflow tracking server is configured');
    }
    this.#api ??= connectTo(store, { timeoutMs: requestTimeoutMs });
    return this.#api;
  }

  async #openParent(options: CallOptions): Promise<OpenedParent> {
    const { runDir, info, course } = this.#options;
    const api = this.#connect();
    const related = new RelatedRuns(api, info.runId);
    const parent = await this.#findOrCreateParent({ api, related }, options);
    this.#save({ parent: { runId: parent.runId, experimentId: parent.experimentId } });
    await api.logBatch(parent.runId, { tags: toPipelineTags(info, info.runId) }, options);
    const common = {
      api,
      runId: info.runId,
      parent,
      sourceTags: toSourceTags(info),
      course,
      related,
      cuts: this.#cuts,
    };
    const stages = this.#options.settings.stageRuns
      ? new StageWriter({
          ...common,
          onTied: (spanId, run) => void this.#newlyTied.push({ spanId, isJoined: false, ...run }),
        })
      : undefined;
    const trials = new TrialWriter({
      ...common,
      stages,
      tied: readTiedRuns(runDir),
      onTied: (run) => void this.#newlyTied.push(run),
      onRefused: (what, reason) => this.refusals.add(what, reason),
    });
    return {
      api,
      parent,
      related,
      trials,
      stages,
      lease: new Lease(api, { parentRunId: parent.runId, runDir }),
      artifacts: this.#createArtifactWriter(api, parent),
      trace: this.#createTraceWriter(api, parent),
    };
  }

  #createArtifactWriter(api: MlflowApi, run: MlflowRun): ArtifactWriter {
    const { runDir, course } = this.#options;
    return new ArtifactWriter({
      api,
      run,
      runDir,
      stageLogs: course.stageLogs,
      onProblem: (reason) => void this.notes.push(`the logs aren't there: ${reason}`),
    });
  }

  #createTraceWriter(api: MlflowApi, run: MlflowRun): TraceWriter {
    const { runDir, info, course } = this.#options;
    return new TraceWriter({
      api,
      run,
      runDir,
      info,
      course,
      sentBytes: this.#cursor.spansSentBytes,
      onSent: (spansSentBytes) => this.#save({ spansSentBytes }),
      onNote: (note) => void this.notes.push(note),
      onRefused: (what, reason) => this.refusals.add(what, reason),
    });
  }

  async #findOrCreateParent(
    { api, related }: Pick<ParentOptions, 'api' | 'related'>,
    options: CallOptions,
  ): Promise<MlflowRun> {
    const { runDir, info, settings } = this.#options;
    const parentOptions: ParentOptions = {
      api,
      info,
      runDir,
      related,
      experiment: settings.experiment,
      recalled: recallExperiment(toHome(runDir), this.#toPipelinePlace(api)),
    };
    const found = await findParent(parentOptions, options);
    if (found?.isActive === false) {
      throw new MlflowError(
        'blocked',
        `run ${found.runId} was deleted in MLflow at ${api.caller.place}: restore it there to have it written`,
      );
    }
    return found ?? createParent(parentOptions, options);
  }

  /** Where the user's own runs are is where the pipeline's next run belongs. */
  async #rememberExperiment(options: CallOptions): Promise<void> {
    const { api, parent, related } = this.#opened!;
    const users = await related.findUsers(parent.startMs, options);
    const experimentId = toMostCommon(users.map((run) => run.experimentId));
    if (experimentId === undefined) return;
    const home = toHome(this.#options.runDir);
    rememberExperiment(home, this.#toPipelinePlace(api), experimentId);
  }

  #toPipelinePlace(api: MlflowApi): { place: string; pipeline: string } {
    return { place: api.caller.place, pipeline: this.#options.info.pipeline };
  }

  #save(change: Partial<MlflowCursor>): void {
    const { items, count } = this.refusals;
    this.#cursor = { ...this.#cursor, ...change, refused: items, refusedCount: count };
    writeMlflowCursor(this.#options.runDir, this.#cursor);
  }
}

/** The home folder of a run directory. */
function toHome(runDir: string): string {
  return dirname(dirname(runDir));
}
