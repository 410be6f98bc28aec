import type { RunInfo } from '../../model/run-info.ts';
import { dirname } from 'node:path';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { connectTo } from './connect.ts';
import type { Course } from './course.ts';
import { appendTiedRuns, readCursor, readTiedRuns, writeCursor } from './cursor.ts';
import type { MlflowCursor, TiedRun } from './cursor.ts';
import { recallExperiment, rememberExperiment } from './home-memory.ts';
import { Lease } from './lease.ts';
import { Cuts, splitBatch } from './limits.ts';
import { MlflowError } from './mlflow-error.ts';
import { createParent, findParent, toMostCommon } from './parent.ts';
import type { ParentOptions } from './parent.ts';
import { toPipelineState } from './pipeline-state.ts';
import { toPipelineTags, toSourceTags } from './pipeline-tags.ts';
import { RelatedRuns } from './related-runs.ts';
import type { MlflowSettings } from './settings.ts';
import { TrialWriter } from './trial-writer.ts';

export interface RunWriterOptions {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly settings: MlflowSettings;
  readonly course: Course;
}

/** Writes one run to MLflow: opens its parent, keeps the lease, and hands the parts to those who write them. */
export class RunWriter {
  readonly #options: RunWriterOptions;
  readonly #cuts = new Cuts();
  readonly #refused: MlflowCursor['refused'][number][] = [];
  readonly #newlyTied: TiedRun[] = [];
  readonly #place: string;
  #api: MlflowApi | undefined;
  #opened: OpenedParent | undefined;

  constructor(options: RunWriterOptions) {
    this.#options = options;
    const { store } = options.settings;
    this.#place = store === undefined ? '' : store.type === 'server' ? store.url : store.uri;
    const cursor = readCursor(options.runDir);
    if (cursor !== undefined) this.#refused.push(...cursor.refused);
  }

  get refused(): MlflowCursor['refused'] {
    return this.#refused;
  }

  /** Finds or makes the parent, and takes the lease; gives until when (Unix ms) another one has that. */
  async open(options: CallOptions): Promise<number | undefined> {
    this.#opened ??= await this.#openParent(options);
    return this.#opened.lease.hold(options);
  }

  /** Writes some of what has ended; gives whether there was anything. */
  async write(
    { maxTrials }: { readonly maxTrials: number; readonly isAtEnd: boolean },
    options: CallOptions,
  ): Promise<boolean> {
    const { trials } = this.#options.course;
    if (trials.length === 0) return false;
    try {
      await this.#opened!.trials.write(maxTrials, options);
    } finally {
      appendTiedRuns(this.#options.runDir, this.#newlyTied.splice(0));
    }
    return true;
  }

  /** Everything has ended and is written: the parent's own part. */
  async finish(root: StoredSpan, options: CallOptions): Promise<void> {
    const { api, parent, trials, lease, related } = this.#opened!;
    const { info, course, runDir } = this.#options;
    await trials.writeLate(options);
    const state = toPipelineState(root, course, this.#cuts);
    for (const batch of splitBatch(state)) await api.logBatch(parent.runId, batch, options);
    await api.endRun({ runId: parent.runId, ...state }, options);
    await lease.release(options);
    const users = await related.findUsers(parent.startMs, options);
    const experimentId = toMostCommon(users.map((run) => run.experimentId));
    if (experimentId !== undefined) {
      const of = { place: this.#place, pipeline: info.pipeline };
      rememberExperiment(toHome(runDir), of, experimentId);
    }
    this.#saveCursor({ isDone: true });
  }

  /** The run did nothing: what was made of it before it began goes again. */
  async discard(options: CallOptions): Promise<void> {
    const { mlflow } = this.#options.info;
    if (mlflow !== undefined) {
      const api = this.#connect();
      const run = await api.getRun(mlflow.runId, options);
      if (run?.isActive === true) await api.deleteRun(mlflow.runId, options);
    }
  }

  async close(): Promise<void> {
    await this.#api?.caller.close();
    this.#api = undefined;
    this.#opened = undefined;
  }

  #connect(): MlflowApi {
    const { store } = this.#options.settings;
    if (store === undefined)
      throw new MlflowError('blocked', 'no MLflow tracking server is configured');
    this.#api ??= connectTo(store);
    return this.#api;
  }

  async #openParent(options: CallOptions): Promise<OpenedParent> {
    const { runDir, info, course, settings } = this.#options;
    const api = this.#connect();
    const related = new RelatedRuns(api, info.runId);
    const parentOptions: ParentOptions = {
      api,
      info,
      runDir,
      related,
      experiment: settings.experiment,
      recalled: recallExperiment(toHome(runDir), { place: this.#place, pipeline: info.pipeline }),
    };
    const found = await findParent(parentOptions, options);
    if (found?.isActive === false) {
      throw new MlflowError(
        'blocked',
        `run ${found.runId} was deleted in MLflow at ${api.caller.place}: restore it there to have it written`,
      );
    }
    const parent = found ?? (await createParent(parentOptions, options));
    await api.logBatch(parent.runId, { tags: toPipelineTags(info, info.runId) }, options);
    const tied = readTiedRuns(runDir);
    const trials = new TrialWriter({
      api,
      runId: info.runId,
      parent,
      sourceTags: toSourceTags(info),
      course,
      related,
      cuts: this.#cuts,
      own: await related.findOwn(parent.experimentId, options),
      tied,
      onTied: (run) => void this.#newlyTied.push(run),
      onRefused: (what, reason) => void this.#refused.push({ what, reason }),
    });
    const lease = new Lease(api, { parentRunId: parent.runId, runDir });
    const opened = { api, parent, related, trials, lease };
    this.#opened = opened;
    this.#saveCursor({ isDone: false });
    return opened;
  }

  #saveCursor({ isDone }: { readonly isDone: boolean }): void {
    const { experimentId, runId } = this.#opened!.parent;
    writeCursor(this.#options.runDir, {
      schema: 1,
      place: this.#place,
      experimentId,
      parentRunId: runId,
      isDone,
      spansSentBytes: 0,
      refused: this.#refused,
    });
  }
}

interface OpenedParent {
  readonly api: MlflowApi;
  readonly parent: MlflowRun;
  readonly related: RelatedRuns;
  readonly trials: TrialWriter;
  readonly lease: Lease;
}

/** The home folder of a run directory. */
function toHome(runDir: string): string {
  return dirname(dirname(runDir));
}
