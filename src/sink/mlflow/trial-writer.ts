import { ATTR } from '../../model/attributes.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import { toUnixMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import type { Course } from './course.ts';
import type { TiedRun } from './cursor.ts';
import { MAX_IN_FLIGHT } from './connect.ts';
import { forEachInFlight } from './in-flight.ts';
import { joinTrial } from './join.ts';
import { splitBatch } from './limits.ts';
import type { Cuts } from './limits.ts';
import { isFault } from './mlflow-error.ts';
import type { OwnRun, RelatedRuns } from './related-runs.ts';
import type { StageWriter } from './stage-writer.ts';
import { describeTrial, toOwnPoints, toOwnTrialTags, toParamValues } from './trial.ts';

export interface TrialWriterOptions {
  readonly api: MlflowApi;
  readonly runId: RunId;
  readonly parent: Pick<MlflowRun, 'runId' | 'experimentId'>;
  readonly sourceTags: Readonly<Record<string, string>>;
  readonly course: Course;
  readonly related: RelatedRuns;
  readonly cuts: Cuts;
  /** Where stages have runs of their own. */
  readonly stages: StageWriter | undefined;
  readonly tied: Map<SpanId, TiedRun>;
  readonly onTied: (run: TiedRun) => void;
  readonly onRefused: (what: string, reason: string) => void;
}

/** Trials whose run began before this are looked for again: clocks differ. */
const SEARCH_SLACK_MS = 1000;

/** Writes trials that have ended: three requests each, or one where the user's own code made a run for it. */
export class TrialWriter {
  readonly #options: TrialWriterOptions;
  readonly #joined = new Set<string>();
  /** Runs of ours that are there already; `undefined` when that has to be asked. */
  #own: ReadonlyMap<SpanId, OwnRun> | undefined;

  constructor(options: TrialWriterOptions) {
    this.#options = options;
    for (const { runId, isJoined } of options.tied.values()) if (isJoined) this.#joined.add(runId);
  }

  /** Writes some of them; they leave the course when they are written. */
  async write(maxCount: number, options?: CallOptions): Promise<void> {
    const { course, related, parent } = this.#options;
    const trials = course.trials.slice(0, maxCount);
    this.#own ??= await related.findOwn(parent.experimentId, undefined, options);
    const users = await this.#findUsers(trials, options);
    const written = new Set<StoredSpan>();
    try {
      await forEachInFlight(trials, MAX_IN_FLIGHT, async (trial) => {
        await this.#writeOne(trial, { users, ...options });
        written.add(trial);
      });
    } catch (error) {
      // A run may have been made without its answer having come.
      this.#own = undefined;
      throw error;
    } finally {
      course.trials.splice(0, trials.length, ...trials.filter((trial) => !written.has(trial)));
    }
  }

  /** Values that were read after their trial was written. */
  async writeLate(options?: CallOptions): Promise<void> {
    const { course, tied } = this.#options;
    for (const [spanId, run] of tied) {
      if (course.series.peek(spanId).length > 0) await this.#log(run.runId, { spanId, ...options });
    }
  }

  async #findUsers(trials: readonly StoredSpan[], options?: CallOptions): Promise<MlflowRun[]> {
    const open = trials.filter(({ spanId }) => !this.#isDone(spanId));
    if (open.length === 0) return [];
    const first = Math.min(...open.map(({ start }) => toUnixMs(start)));
    return this.#options.related.findUsers(first - SEARCH_SLACK_MS, options);
  }

  #isDone(spanId: SpanId): boolean {
    const status = this.#own?.get(spanId)?.status;
    return this.#options.tied.has(spanId) || (status !== undefined && status !== 'RUNNING');
  }

  async #writeOne(
    trial: StoredSpan,
    options: CallOptions & { users: readonly MlflowRun[] },
  ): Promise<void> {
    const { tied, course } = this.#options;
    const known = this.#own?.get(trial.spanId);
    if (this.#isDone(trial.spanId)) {
      course.series.take(trial.spanId);
      if (!tied.has(trial.spanId)) this.#tie(trial, known!, false);
      return;
    }
    const joined = known === undefined ? await this.#join(trial, options) : undefined;
    if (joined === undefined) await this.#writeOwn(trial, options);
    else await this.#writeJoined(trial, { ...options, run: joined });
  }

  async #join(
    trial: StoredSpan,
    { users, ...options }: CallOptions & { users: readonly MlflowRun[] },
  ): Promise<MlflowRun | undefined> {
    // Where the hook saw the run being made nothing has to be guessed.
    const told = trial.attributes[ATTR.mlflowRunId];
    if (typeof told === 'string') {
      const run = users.find(({ runId }) => runId === told);
      return run ?? this.#options.api.getRun(told, options);
    }
    const stage = this.#options.course.toStage(trial)?.name;
    const free = users.filter(({ runId }) => !this.#joined.has(runId));
    const result = joinTrial(trial, { stage, users: free });
    if (result.type === 'joined') return result.run;
    if (result.type === 'ambiguous') {
      const { name } = describeTrial(trial, stage);
      const ids = result.runs.map(({ runId }) => runId).join(', ');
      this.#options.onRefused(name, `its own MLflow run could be any of ${ids}: not joined`);
    }
    return undefined;
  }

  async #writeOwn(trial: StoredSpan, options: CallOptions): Promise<void> {
    const { api, parent, runId, sourceTags, course, cuts } = this.#options;
    const { name, startMs, endMs, status, tags } = describeTrial(
      trial,
      course.toStage(trial)?.name,
    );
    const parentId = await this.#toParentId(trial, options);
    const ours = { ...sourceTags, ...tags, ...toOwnTrialTags(runId, parentId) };
    const { experimentId } = parent;
    const mlflowRunId =
      this.#own?.get(trial.spanId)?.runId ??
      (await api.createRun({ experimentId, name, startMs, tags: ours }, options)).runId;
    const params = toParamValues(trial, cuts);
    await this.#log(mlflowRunId, { spanId: trial.spanId, params, ...options });
    await api.endRun({ runId: mlflowRunId, status, endMs }, options);
    this.#tie(trial, { runId: mlflowRunId, experimentId }, false);
  }

  async #toParentId(trial: StoredSpan, options: CallOptions): Promise<string> {
    const { stages, parent, course } = this.#options;
    if (stages === undefined) return parent.runId;
    return stages.toParentId(course.toStage(trial)?.spanId, options);
  }

  /** The user's own run has its parameters; we add what it lacks under names of ours. */
  async #writeJoined(
    trial: StoredSpan,
    options: CallOptions & { readonly run: MlflowRun },
  ): Promise<void> {
    const { runId } = options.run;
    this.#joined.add(runId);
    const { tags } = describeTrial(trial, this.#options.course.toStage(trial)?.name);
    await this.#log(runId, { spanId: trial.spanId, tags, ...options });
    this.#tie(trial, options.run, true);
  }

  async #log(
    runId: string,
    what: CallOptions & {
      readonly spanId: SpanId;
      readonly params?: Readonly<Record<string, string>>;
      readonly tags?: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const { course, cuts } = this.#options;
    const points = course.series.take(what.spanId);
    const metrics = toOwnPoints(points, cuts);
    try {
      for (const batch of splitBatch({ ...what, metrics })) {
        await this.#logBatch(runId, batch, what);
      }
    } catch (error) {
      // They are needed when it is tried again.
      for (const point of points) course.series.add(what.spanId, point);
      throw error;
    }
  }

  async #logBatch(...[runId, batch, options]: Parameters<MlflowApi['logBatch']>): Promise<void> {
    try {
      await this.#options.api.logBatch(runId, batch, options);
    } catch (error) {
      if (!isFault(error, 'refused')) throw error;
      this.#options.onRefused(`a batch of run ${runId}`, (error as Error).message);
    }
  }

  #tie(
    { spanId }: StoredSpan,
    { runId, experimentId }: Pick<MlflowRun, 'runId' | 'experimentId'>,
    isJoined: boolean,
  ): void {
    const run = { spanId, runId, experimentId, isJoined };
    this.#options.tied.set(spanId, run);
    this.#options.onTied(run);
  }
}
