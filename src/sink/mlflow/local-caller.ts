import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPackageRoot } from '../../config/package-root.ts';
import type { Artifact, CallOptions, Endpoint, MlflowCaller } from './api.ts';
import { MlflowError } from './mlflow-error.ts';
import type { MlflowFault } from './mlflow-error.ts';

export interface LocalStore {
  readonly uri: string;
  /** What a relative path in it is relative to. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Answer {
  readonly ok?: unknown;
  readonly fault?: MlflowFault;
  readonly message?: string;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const MAX_STDERR = 2000;

/** A database or folder without a server, through the mlflow package of the user's own Python, in a process of its own. */
export class LocalCaller implements MlflowCaller {
  readonly place: string;
  readonly webUrl = undefined;
  /** Only a server takes traces. */
  readonly sendSpans = undefined;
  readonly #store: LocalStore;
  #child: ChildProcessWithoutNullStreams | undefined;
  #opened: Promise<unknown> | undefined;
  /** In the order in which they were asked: so they are answered. */
  #waiting: Waiting[] = [];
  #stderr = '';

  constructor(store: LocalStore) {
    this.#store = store;
    this.place = store.uri;
  }

  async call(endpoint: Endpoint, body: object, options?: CallOptions): Promise<unknown> {
    return this.#ask(endpoint, body, options);
  }

  async putArtifact({ run, path, body }: Artifact, options?: CallOptions): Promise<void> {
    const folder = dirname(path);
    if (basename(path) !== basename(body.path)) {
      throw new MlflowError('refused', `${body.path} can't be kept as ${path}`);
    }
    await this.#ask(
      'artifact',
      { run_id: run.runId, file: body.path, folder: folder === '.' ? null : folder },
      options,
    );
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child = undefined;
    this.#opened = undefined;
  }

  async #ask(endpoint: string, body: object, { signal }: CallOptions = {}): Promise<unknown> {
    signal?.throwIfAborted();
    this.#opened ??= this.#open();
    await this.#opened;
    const answered = this.#next();
    this.#child!.stdin.write(`${JSON.stringify({ endpoint, body })}\n`);
    return toResult(await answered);
  }

  async #open(): Promise<void> {
    const script = join(findPackageRoot() ?? '.', 'python', 'mlflow_store.py');
    const child = spawn('python', [script, this.#store.uri], {
      cwd: this.#store.cwd,
      env: toPlainEnv(this.#store.env),
    });
    this.#child = child;
    const answered = this.#next();
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    child.stderr.on('data', (text) => {
      this.#stderr = `${this.#stderr}${String(text)}`.slice(-MAX_STDERR);
    });
    child.stdin.on('error', () => {}); // told by its end
    child.on('error', (error) => this.#fail(`can't start python: ${error.message}`));
    child.on('close', () => this.#fail(this.#stderr.trim().split('\n').at(-1) ?? 'it ended'));
    toResult(await answered);
  }

  async #next(): Promise<Answer> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #take(line: string): void {
    const waiting = this.#waiting.shift();
    try {
      waiting?.resolve(JSON.parse(line) as Answer);
    } catch {
      waiting?.reject(new MlflowError('retry', `the helper for ${this.place} answers ${line}`));
    }
  }

  #fail(reason: string): void {
    this.close();
    const message = `can't open MLflow's store ${this.place}: ${reason}`;
    for (const { reject } of this.#waiting.splice(0)) reject(new MlflowError('retry', message));
  }
}

function toResult({ ok, fault, message = '' }: Answer): unknown {
  if (fault === undefined) return ok;
  throw new MlflowError(fault, message.replaceAll(/\s+/g, ' ').slice(0, 500));
}

/** Nothing of the run's: the helper is no part of it. */
function toPlainEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(
    ([name]) =>
      !/^(?:STAGELIGHT_|TRACEPARENT$|MLFLOW_RUN_|MLFLOW_EXPERIMENT_|PYTHONPATH$)/.test(name),
  );
  return { ...Object.fromEntries(own), MLFLOW_TRACKING_URI: undefined };
}
