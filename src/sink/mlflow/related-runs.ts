import type { SpanId } from '../../model/ids.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import { isFault } from './mlflow-error.ts';
import { TAG } from './names.ts';

/** Experiments made while a run goes on are found after so long at most. */
const EXPERIMENTS_FRESH_MS = 10_000;

/** A run of ours. */
export type OwnRun = Pick<MlflowRun, 'runId' | 'experimentId' | 'status'>;

/** Finds the runs in MLflow that belong to a run: ours, and those that the user's own code made. */
export class RelatedRuns {
  readonly #api: MlflowApi;
  readonly #runId: string;
  #experimentIds: readonly string[] = [];
  #listedAtMs = 0;
  /** An older MLflow knows no `IS NULL`. */
  #knowsNull = true;

  constructor(api: MlflowApi, runId: string) {
    this.#api = api;
    this.#runId = runId;
  }

  /** Ours that are there already, by the span that they stand for; there may be very many. */
  async findOwn(
    experimentId: string,
    onRun: (run: MlflowRun) => void = () => {},
    options?: CallOptions,
  ): Promise<Map<SpanId, OwnRun>> {
    const own = new Map<SpanId, OwnRun>();
    const filter = `${this.#tagFilter} AND tags.\`${TAG.spanId}\` LIKE '%'`;
    const search = { experimentIds: [experimentId], filter };
    for await (const run of this.#api.searchRuns(search, options)) {
      const spanId = run.tags[TAG.spanId];
      if (spanId !== undefined && run.tags[TAG.kind] !== undefined) {
        const { runId, status } = run;
        own.set(spanId, { runId, experimentId, status });
        onRun(run);
      }
    }
    return own;
  }

  /** The pipeline's run, where it isn't known by its ID. */
  async findPipeline(options?: CallOptions): Promise<MlflowRun | undefined> {
    const experimentIds = await this.#listExperiments(options);
    const filter = `${this.#tagFilter} AND tags.\`${TAG.kind}\` = 'pipeline'`;
    for await (const run of this.#api.searchRuns({ experimentIds, filter }, options)) return run;
    return undefined;
  }

  /** The user's own, in whatever experiment; those that began at or after `sinceMs` only. */
  async findUsers(sinceMs: number, options?: CallOptions): Promise<MlflowRun[]> {
    const since = `${this.#tagFilter} AND attributes.start_time >= ${Math.floor(sinceMs)}`;
    try {
      if (this.#knowsNull) {
        return await this.#findUsers(`${since} AND tags.\`${TAG.kind}\` IS NULL`, options);
      }
    } catch (error) {
      if (!isFault(error, 'refused')) throw error;
      this.#knowsNull = false;
    }
    return this.#findUsers(since, options);
  }

  async #findUsers(filter: string, options?: CallOptions): Promise<MlflowRun[]> {
    const experimentIds = await this.#listExperiments(options);
    const runs: MlflowRun[] = [];
    for await (const run of this.#api.searchRuns({ experimentIds, filter }, options)) {
      if (run.tags[TAG.kind] === undefined) runs.push(run);
    }
    return runs;
  }

  async #listExperiments(options?: CallOptions): Promise<readonly string[]> {
    if (Date.now() - this.#listedAtMs > EXPERIMENTS_FRESH_MS) {
      const listedAtMs = Date.now();
      const all = await this.#api.listExperiments(options);
      this.#experimentIds = all.map(({ experimentId }) => experimentId);
      this.#listedAtMs = listedAtMs;
    }
    return this.#experimentIds;
  }

  get #tagFilter(): string {
    return `tags.\`${TAG.runId}\` = '${this.#runId}'`;
  }
}
