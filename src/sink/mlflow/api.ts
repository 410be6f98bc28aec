import { isFault } from './mlflow-error.ts';
import type { FileBody } from './http-transport.ts';

/** MLflow's REST calls that we make, by their path below `/api/2.0/mlflow/`. The helper in Python answers the same. */
export type Endpoint =
  | 'experiments/get-by-name'
  | 'experiments/get'
  | 'experiments/search'
  | 'experiments/create'
  | 'experiments/update'
  | 'experiments/delete'
  | 'runs/create'
  | 'runs/get'
  | 'runs/update'
  | 'runs/log-batch'
  | 'runs/search'
  | 'runs/delete'
  | 'runs/set-tag'
  | 'runs/delete-tag';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What carries calls to where the runs are: a server over HTTP, or a helper that opens a local store. */
export interface MlflowCaller {
  /** Where that is, for people, without credentials. */
  readonly place: string;
  /** The page of a run or trace, where there is a server that shows it. */
  readonly webUrl: string | undefined;
  /** @throws {MlflowError} */
  call(endpoint: Endpoint, body: object, options?: CallOptions): Promise<unknown>;
  /**
   * Writes an artifact, over one that is there.
   * @throws {MlflowError}
   */
  putArtifact(artifact: Artifact, options?: CallOptions): Promise<void>;
  /** Sends spans as OTLP protobuf; `undefined` where there is no server, which alone takes them. */
  readonly sendSpans: ((spans: SpanExport, options?: CallOptions) => Promise<void>) | undefined;
  close(): void;
}

export interface Artifact {
  readonly run: Pick<MlflowRun, 'runId' | 'artifactUri'>;
  /** Below the run's artifacts: `logs/run.log`. */
  readonly path: string;
  readonly body: FileBody;
}

export interface SpanExport {
  readonly experimentId: string;
  readonly runId: string;
  readonly body: Buffer;
}

export interface Experiment {
  readonly experimentId: string;
  readonly name: string;
  readonly isActive: boolean;
}

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

/** A run as MLflow has it. */
export interface MlflowRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startMs: number;
  readonly endMs: number | undefined;
  readonly artifactUri: string;
  readonly isActive: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** The last value of each. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** The ID that it shall have; a server gives one of its own all the same. */
  readonly wantedId?: string;
}

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timeMs: number;
  readonly step: number;
}

export interface RunBatch {
  readonly metrics?: readonly MetricPoint[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

const SEARCH_PAGE = 500;

/** MLflow's runs and experiments, wherever they are kept. Every call throws an `MlflowError` when it fails. */
export class MlflowApi {
  readonly caller: MlflowCaller;

  constructor(caller: MlflowCaller) {
    this.caller = caller;
  }

  /** `undefined` when there is none of that name. */
  async findExperiment(name: string, options?: CallOptions): Promise<Experiment | undefined> {
    const body = { experiment_name: name };
    const found = await this.#find('experiments/get-by-name', body, options);
    return found === undefined ? undefined : toExperiment(toObject(found['experiment']));
  }

  async getExperiment(
    experimentId: string,
    options?: CallOptions,
  ): Promise<Experiment | undefined> {
    const found = await this.#find('experiments/get', { experiment_id: experimentId }, options);
    return found === undefined ? undefined : toExperiment(toObject(found['experiment']));
  }

  async createExperiment(name: string, options?: CallOptions): Promise<string> {
    const made = await this.caller.call('experiments/create', { name }, options);
    return toText(toObject(made)['experiment_id']);
  }

  async renameExperiment(experimentId: string, newName: string, options?: CallOptions) {
    const body = { experiment_id: experimentId, new_name: newName };
    await this.caller.call('experiments/update', body, options);
  }

  async deleteExperiment(experimentId: string, options?: CallOptions): Promise<void> {
    await this.caller.call('experiments/delete', { experiment_id: experimentId }, options);
  }

  /** All active experiments. */
  async listExperiments(options?: CallOptions): Promise<Experiment[]> {
    const experiments: Experiment[] = [];
    let page: string | undefined;
    do {
      const body = { max_results: 1000, ...(page !== undefined && { page_token: page }) };
      const found = toObject(await this.caller.call('experiments/search', body, options));
      experiments.push(...toList(found['experiments']).map(toExperiment));
      page = toText(found['next_page_token']) || undefined;
    } while (page !== undefined);
    return experiments;
  }

  async createRun(run: NewRun, options?: CallOptions): Promise<MlflowRun> {
    const body = {
      experiment_id: run.experimentId,
      run_name: run.name,
      start_time: Math.floor(run.startMs),
      tags: toPairs(run.tags),
      ...(run.wantedId !== undefined && { run_id: run.wantedId }),
    };
    return toRun(toObject(await this.caller.call('runs/create', body, options))['run']);
  }

  async getRun(runId: string, options?: CallOptions): Promise<MlflowRun | undefined> {
    const found = await this.#find('runs/get', { run_id: runId }, options);
    return found === undefined ? undefined : toRun(found['run']);
  }

  async endRun(
    end: { readonly runId: string; readonly status: RunStatus; readonly endMs: number },
    options?: CallOptions,
  ): Promise<void> {
    const { runId, status, endMs } = end;
    const body = { run_id: runId, status, end_time: Math.floor(endMs) };
    await this.caller.call('runs/update', body, options);
  }

  /** What is over a batch's limits has to be cut before: see `limits.ts`. */
  async logBatch(runId: string, batch: RunBatch, options?: CallOptions): Promise<void> {
    const body = {
      run_id: runId,
      metrics: (batch.metrics ?? []).map(({ key, value, timeMs, step }) => ({
        key,
        value: Number.isFinite(value) ? value : String(value),
        timestamp: Math.floor(timeMs),
        step,
      })),
      params: toPairs(batch.params ?? {}),
      tags: toPairs(batch.tags ?? {}),
    };
    await this.caller.call('runs/log-batch', body, options);
  }

  async setTag(runId: string, [key, value]: readonly [string, string], options?: CallOptions) {
    await this.caller.call('runs/set-tag', { run_id: runId, key, value }, options);
  }

  async deleteTag(runId: string, key: string, options?: CallOptions): Promise<void> {
    try {
      await this.caller.call('runs/delete-tag', { run_id: runId, key }, options);
    } catch (error) {
      if (!isFault(error, 'missing')) throw error;
    }
  }

  async deleteRun(runId: string, options?: CallOptions): Promise<void> {
    await this.caller.call('runs/delete', { run_id: runId }, options);
  }

  /** The active runs that a filter finds, the earliest first. */
  async *searchRuns(
    search: { readonly experimentIds: readonly string[]; readonly filter: string },
    options?: CallOptions,
  ): AsyncGenerator<MlflowRun> {
    if (search.experimentIds.length === 0) return;
    let page: string | undefined;
    do {
      const body = {
        experiment_ids: search.experimentIds,
        filter: search.filter,
        max_results: SEARCH_PAGE,
        order_by: ['attributes.start_time ASC'],
        ...(page !== undefined && { page_token: page }),
      };
      const found = toObject(await this.caller.call('runs/search', body, options));
      yield* toList(found['runs']).map(toRun);
      page = toText(found['next_page_token']) || undefined;
    } while (page !== undefined);
  }

  async #find(
    endpoint: Endpoint,
    body: object,
    options?: CallOptions,
  ): Promise<Record<string, unknown> | undefined> {
    try {
      return toObject(await this.caller.call(endpoint, body, options));
    } catch (error) {
      if (isFault(error, 'missing')) return undefined;
      throw error;
    }
  }
}

function toPairs(values: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

function toExperiment(json: Record<string, unknown>): Experiment {
  return {
    experimentId: toText(json['experiment_id']),
    name: toText(json['name']),
    isActive: json['lifecycle_stage'] !== 'deleted',
  };
}

function toRun(json: unknown): MlflowRun {
  const { info, data } = toObject(json);
  const { tags, params, metrics } = toObject(data);
  const facts = toObject(info);
  const endMs = Number(facts['end_time'] ?? 0);
  return {
    runId: toText(facts['run_id']),
    experimentId: toText(facts['experiment_id']),
    name: toText(facts['run_name']),
    status: toText(facts['status']) as RunStatus,
    startMs: Number(facts['start_time'] ?? 0),
    endMs: endMs > 0 ? endMs : undefined,
    artifactUri: toText(facts['artifact_uri']),
    isActive: facts['lifecycle_stage'] !== 'deleted',
    tags: fromPairs(tags),
    params: fromPairs(params),
    metrics: Object.fromEntries(
      toList(metrics).map(({ key, value }) => [toText(key), Number(value)]),
    ),
  };
}

function fromPairs(list: unknown): Record<string, string> {
  return Object.fromEntries(toList(list).map(({ key, value }) => [toText(key), toText(value)]));
}

function toObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function toList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(toObject) : [];
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
