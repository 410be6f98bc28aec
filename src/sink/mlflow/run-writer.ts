import { dirname } from 'node:path';
import type { RunInfo } from '../../model/run-info.ts';
import { readRunInfo } from '../../spool/run-file.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { ArtifactWriter } from './artifact-writer.ts';
import { adoptRuns } from './adopt-runs.ts';
import { connectTo } from './connect.ts';
import type { Course } from './course.ts';
import { appendTiedRuns, readTiedRuns, writeMlflowCursor } from './cursor.ts';
import type { MlflowCursor, TiedRun } from './cursor.ts';
import { recallExperiment } from './home-memory.ts';
import { Lease } from './lease.ts';
import { Cuts, splitBatch } from './limits.ts';
import { MlflowError } from './mlflow-error.ts';
import { Once } from './once.ts';
import { writeOtherStores } from './other-stores.ts';
import type { OtherStoresOptions } from './other-stores.ts';
import { chooseParentExperiment, createParent, findParent } from './parent.ts';
import type { ParentOptions } from './parent.ts';
import { toPipelineState } from './pipeline-state.ts';
import { toPipelineTags, toSourceTags } from './pipeline-tags.ts';
import { TAG } from './names.ts';
import { Refusals } from './refusals.ts';
import { RelatedRuns } from './related-runs.ts';
import { findDefaultStore } from './default-store.ts';
import { parseStore } from './settings.ts';
import type { MlflowSettings, MlflowStore } from './settings.ts';
import { toLink } from './run-link.ts';
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

/** Whether a run may be written: another one may be at it until then, or have written it. */
export type Opening =
  | { readonly type: 'open' | 'written' }
  | { readonly type: 'held'; readonly untilMs: number };

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
  #related: RelatedRuns | undefined;
  #opened: OpenedParent | undefined;
  readonly #once = new Once();

  constructor(options: RunWriterOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
    this.refusals = new Refusals(options.cursor);
  }

  /** What is known of the run in MLflow by now. */
  get cursor(): MlflowCursor {
    return this.#cursor;
  }

  /** Where the run is written: what is configured, else where the run's own code keeps its runs, else nowhere. */
  get store(): MlflowStore | undefined {
    const { settings, course, info } = this.#options;
    if (settings.store !== undefined) return settings.store;
    const uri = course.trackingUris[0] ?? findDefaultStore(info.cwd);
    return uri === undefined ? undefined : parseStore(uri, settings.env);
  }

  /** Notes that the run is to be written: should it never come to that, a later `push` knows. */
  begin(): void {
    if (this.#isBegun) return;
    this.#save({});
    this.#isBegun = true;
  }

  /** Finds or makes the parent, and takes the lease. */
  async open(options: CallOptions): Promise<Opening> {
    if (this.#opened === undefined) {
      const found = await this.#once.do('find', () => this.#findParent(options));
      if (found !== undefined && this.#isWrittenByAnother(found)) {
        this.#save({ isDone: true });
        return { type: 'written' };
      }
      this.#opened = await this.#openParent(found, options);
    }
    const untilMs = await this.#opened.lease.hold(options);
    return untilMs === undefined ? { type: 'open' } : { type: 'held', untilMs };
  }

  /** A run that was sent here as well is written by the process that recorded it, where that can reach MLflow. */
  #isWrittenByAnother({ status, tags }: MlflowRun): boolean {
    const isBegun = this.#options.cursor.parent !== undefined;
    const isFinal = status !== 'RUNNING' && tags[TAG.result] !== undefined;
    return this.#options.settings.isSink === true && !isBegun && isFinal;
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
    const once = this.#once;
    await once.do('late', () => trials.writeLate(options));
    await once.do('artifacts', () => artifacts.finish(options));
    await once.do('trace', () => trace.finish(options));
    const { runDir, info } = this.#options;
    const home = { home: toHome(runDir), pipeline: info.pipeline };
    await once.do('children', () => adoptRuns({ ...this.#opened!, ...home }, options));
    const told = this.#readInfo();
    const state = toPipelineState(root, this.#options.course, {
      cuts: this.#cuts,
      place: { ...parent, traceId: told.traceId },
    });
    const tags = { ...toPipelineTags(told, told.runId), ...state.tags };
    for (const [index, batch] of splitBatch({ ...state, tags }).entries()) {
      await once.do(`batch ${index}`, () => api.logBatch(parent.runId, batch, options));
    }
    await once.do('others', () => this.#writeOthers({ state, tags }, options));
    await once.do('end', () => api.endRun({ runId: parent.runId, ...state }, options));
    await lease.release(options);
    this.#save({ isDone: true });
    if (api.caller.webUrl !== undefined) this.notes.push(toLink(api.caller.webUrl, parent).url);
    this.#options.course.stageLogs.delete();
  }

  async #writeOthers(
    what: Pick<OtherStoresOptions, 'state' | 'tags'>,
    options: CallOptions,
  ): Promise<void> {
    const { api, parent } = this.#opened!;
    const main = { place: api.caller.place, parent };
    const onNote = (note: string) => void this.notes.push(note);
    await writeOtherStores({ ...this.#options, ...what, main, onNote }, options);
  }

  /** The run did nothing: what was made of it before it began goes again. */
  async discard(options: CallOptions): Promise<void> {
    const { settings, info } = this.#options;
    const mayBeThere = settings.isSink === true || info.mlflow !== undefined;
    if (mayBeThere || this.#cursor.parent !== undefined) {
      const run = await this.#findParent(options);
      if (run?.isActive === true) await this.#connect().deleteRun(run.runId, options);
    }
    this.#save({ isDone: true, isDiscarded: true });
  }

  close(): void {
    this.#api?.caller.close();
    this.#api = undefined;
    this.#related = undefined;
    this.#opened = undefined;
    this.#once.clear();
  }

  /** As it is by now: a run that is received tells what it is only little by little. */
  #readInfo(): RunInfo {
    return readRunInfo(this.#options.runDir) ?? this.#options.info;
  }

  #connect(): MlflowApi {
    const { settings, info } = this.#options;
    const { requestTimeoutMs: timeoutMs, env } = settings;
    if (this.store === undefined) throw new MlflowError('blocked', 'there is no MLflow store');
    this.#api ??= connectTo(this.store, { timeoutMs, cwd: info.cwd, env });
    return this.#api;
  }

  async #openParent(found: MlflowRun | undefined, options: CallOptions): Promise<OpenedParent> {
    const { runDir, info, course } = this.#options;
    const told = this.#readInfo();
    const api = this.#connect();
    const related = this.#relate(api);
    const parent = found ?? (await this.#createParent(options));
    const { runId, experimentId } = parent;
    this.#save({ place: api.caller.place, parent: { runId, experimentId } });
    const tags = toPipelineTags(told, info.runId);
    await this.#once.do('tags', () => api.logBatch(parent.runId, { tags }, options));
    const common = {
      api,
      runId: info.runId,
      parent,
      sourceTags: toSourceTags(told),
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

  async #createParent(options: CallOptions): Promise<MlflowRun> {
    const parentOptions = this.#toParentOptions();
    const experimentId = await this.#once.do('choose', () =>
      chooseParentExperiment(parentOptions, options),
    );
    try {
      return await this.#once.do('create', () =>
        createParent(parentOptions, experimentId, options),
      );
    } catch (error) {
      // It may have been made without its answer having come.
      this.#once.forget('find');
      throw error;
    }
  }

  async #findParent(options: CallOptions): Promise<MlflowRun | undefined> {
    const found = await findParent(this.#toParentOptions(), options);
    if (found?.isActive !== false) return found;
    throw new MlflowError(
      'blocked',
      `run ${found.runId} was deleted in MLflow at ${this.#place}: restore it there to have it written`,
    );
  }

  #toParentOptions(): ParentOptions {
    const { runDir, info, settings } = this.#options;
    const api = this.#connect();
    return {
      api,
      info,
      runDir,
      related: this.#relate(api),
      experiment: settings.experiment,
      recalled: recallExperiment(toHome(runDir), this.#toPipelinePlace(api)),
    };
  }

  #relate(api: MlflowApi): RelatedRuns {
    this.#related ??= new RelatedRuns(api, this.#options.info.runId);
    return this.#related;
  }

  get #place(): string {
    return this.#connect().caller.place;
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
