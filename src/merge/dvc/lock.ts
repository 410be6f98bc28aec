import { join } from 'node:path';
import { asRecord, parseAddress, readYaml } from './project.ts';
import type { DvcProject } from './project.ts';

/** A dependency or output as `dvc.lock` has it. */
export interface LockedPath {
  readonly path: string;
  /** MD5, with `.dir` behind it for a folder; `''` when the lock has none. */
  readonly md5: string;
  readonly size: number | undefined;
}

/** A stage as `dvc.lock` (schema 2.0) has it. */
export interface LockedStage {
  readonly cmd: string;
  readonly deps: readonly LockedPath[];
  readonly outs: readonly LockedPath[];
  /** Parameters by file, then by name. */
  readonly params: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const RETRY_MS = 20;
const MAX_TRIES = 10;
/** Of a run, so that stages which are never locked cost a second and not more. */
const MAX_TRIES_IN_ALL = 50;

/** The `dvc.lock` files of a project, as they were when the run began and as they are. */
export class DvcLocks {
  readonly #project: DvcProject;
  readonly #before = new Map<string, Record<string, unknown>>();
  #triesLeft = MAX_TRIES_IN_ALL;

  constructor(project: DvcProject) {
    this.#project = project;
  }

  /** Remembers what the lock files say now, before a stage changes them. */
  remember(): void {
    for (const folder of this.#project.folders()) {
      if (!this.#before.has(folder)) this.#before.set(folder, readStages(folder));
    }
  }

  /** The stage as it was locked when the run began. */
  before(address: string): LockedStage | undefined {
    const home = this.#project.find(address)?.home;
    return home === undefined
      ? undefined
      : toLockedStage(this.#before.get(home)?.[parseAddress(address).name]);
  }

  /**
   * The stage as it is locked now. DVC writes the file in place and after it has said so, so where the stage has to be
   * there (`isExpected`) and isn't yet, it is looked for again for a moment.
   */
  now(address: string, isExpected: boolean): LockedStage | undefined {
    const home = this.#project.find(address)?.home;
    if (home === undefined) return undefined;
    const { name } = parseAddress(address);
    for (let tries = 0; ; tries += 1) {
      const stage = toLockedStage(readStages(home)[name]);
      if (stage !== undefined || !isExpected || this.#triesLeft === 0 || tries >= MAX_TRIES)
        return stage;
      this.#triesLeft -= 1;
      pause(RETRY_MS);
    }
  }
}

/** Blocks this thread: it merges, and nothing waits for it. */
function pause(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

function readStages(folder: string): Record<string, unknown> {
  return asRecord(asRecord(readYaml(join(folder, 'dvc.lock')))['stages']);
}

function toLockedStage(value: unknown): LockedStage | undefined {
  if (value === undefined) return undefined;
  const stage = asRecord(value);
  const cmd = stage['cmd'];
  return {
    cmd: Array.isArray(cmd) ? cmd.join('\n') : String(cmd ?? ''),
    deps: toLockedPaths(stage['deps']),
    outs: toLockedPaths(stage['outs']),
    params: Object.fromEntries(
      Object.entries(asRecord(stage['params'])).map(([file, values]) => [file, asRecord(values)]),
    ),
  };
}

function toLockedPaths(value: unknown): LockedPath[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => {
    const { path, md5, etag, checksum, size } = asRecord(item);
    return {
      path: String(path ?? ''),
      md5: String(md5 ?? etag ?? checksum ?? ''),
      size: typeof size === 'number' ? size : undefined,
    };
  });
}

/** A parameter as it is known outside its file: `lr`, `calibrate.n_trials`; of another file than `params.yaml` with that before it. */
export interface LockedParameter {
  readonly name: string;
  /** A list or an empty mapping is a value too. */
  readonly value: unknown;
}

/** The parameters of a stage, each value by its full name. */
export function listParameters(stage: LockedStage): LockedParameter[] {
  return Object.entries(stage.params).flatMap(([file, values]) =>
    Object.entries(values).flatMap(([name, value]) =>
      flatten(file === 'params.yaml' ? name : `${file}:${name}`, value),
    ),
  );
}

function flatten(name: string, value: unknown): LockedParameter[] {
  const inner = Object.entries(asRecord(value));
  if (inner.length === 0) return [{ name, value }];
  return inner.flatMap(([key, item]) => flatten(`${name}.${key}`, item));
}

/** Why a stage ran: what its lock says now and didn't say before. `new` when it wasn't locked at all. */
export function findChanges(before: LockedStage | undefined, now: LockedStage): string[] {
  if (before === undefined) return ['new'];
  const hashes = new Map(before.deps.map((dep) => [dep.path, dep.md5]));
  const values = new Map(
    listParameters(before).map(({ name, value }) => [name, JSON.stringify(value)]),
  );
  return [
    ...(before.cmd === now.cmd ? [] : ['cmd']),
    ...now.deps
      .filter(({ path, md5 }) => hashes.get(path) !== md5)
      .map(({ path }) => `dep:${path}`),
    ...listParameters(now)
      .filter(({ name, value }) => values.get(name) !== JSON.stringify(value))
      .map(({ name }) => `param:${name}`),
  ];
}
