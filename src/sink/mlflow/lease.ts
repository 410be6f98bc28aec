import { hostname } from 'node:os';
import type { CallOptions, MlflowApi } from './api.ts';
import { TAG } from './names.ts';

/** How long a lease holds without being renewed. */
const LEASE_MS = 60_000;

/** The tag of a lease that begins now. */
export function toLeaseTag(runDir: string): string {
  return `${toHolder(runDir)} ${new Date(Date.now() + LEASE_MS).toISOString()}`;
}

/**
 * The right to write a run, held as a tag on it: `run` and a sink may both know a run, and one of them writes it. It is
 * bound to the run directory, whose cursor has a lock of its own: the next process there goes on at once.
 */
export class Lease {
  readonly #api: MlflowApi;
  readonly #holder: string;
  readonly #parentRunId: string;
  readonly #runDir: string;
  #renewAtMs = 0;

  constructor(api: MlflowApi, run: { readonly parentRunId: string; readonly runDir: string }) {
    this.#api = api;
    this.#runDir = run.runDir;
    this.#holder = toHolder(run.runDir);
    this.#parentRunId = run.parentRunId;
  }

  /** Takes or renews it; gives until when (Unix ms) another one holds it, or `undefined` when it is ours. */
  async hold(options?: CallOptions): Promise<number | undefined> {
    if (Date.now() < this.#renewAtMs) return undefined;
    const before = await this.#findOther(options);
    if (before !== undefined) return before;
    const renewAtMs = Date.now() + LEASE_MS / 2;
    await this.#api.setTag(this.#parentRunId, [TAG.lease, toLeaseTag(this.#runDir)], options);
    // MLflow has no compare-and-set: of two that took it at once, the one who wrote last has it.
    const after = this.#renewAtMs === 0 ? await this.#findOther(options) : undefined;
    if (after === undefined) this.#renewAtMs = renewAtMs;
    return after;
  }

  /** The run is written: nobody needs to wait. */
  async release(options?: CallOptions): Promise<void> {
    this.#renewAtMs = 0;
    await this.#api.deleteTag(this.#parentRunId, TAG.lease, options);
  }

  async #findOther(options?: CallOptions): Promise<number | undefined> {
    const run = await this.#api.getRun(this.#parentRunId, options);
    const [holder, until] = (run?.tags[TAG.lease] ?? '').split(' ');
    if (!holder || holder === this.#holder) return undefined;
    const untilMs = Date.parse(until ?? '');
    return untilMs > Date.now() ? untilMs : undefined;
  }
}

/** One word: a path may hold spaces. */
function toHolder(runDir: string): string {
  return `${hostname()}:${encodeURI(runDir)}`;
}
