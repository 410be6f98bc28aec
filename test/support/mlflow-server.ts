import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { MlflowApi } from '../../src/sink/mlflow/api.ts';
import { connectTo } from '../../src/sink/mlflow/connect.ts';
import { parseStore } from '../../src/sink/mlflow/settings.ts';
import { createEnv } from './cli.ts';
import { waitFor } from './wait.ts';

/** A real MLflow tracking server. It takes 10 to 20 s to start: tests of one file share one. */
export interface MlflowServer {
  readonly url: string;
  /** Its folder, with `mlflow.db` in it. */
  readonly folder: string;
  readonly api: MlflowApi;
  /** As its web interface asks it, with JSON in and out. */
  get(path: string): Promise<Json>;
  post(path: string, body: object): Promise<Json>;
  /** Stops it, with its data kept; `start` brings it back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into freely
export type Json = any;

interface ServerOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What a caller needs to be let in. */
  readonly clientEnv?: NodeJS.ProcessEnv;
}

/** The ports of a machine are many, and one that was free just now nearly always still is. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startMlflowServer(options: ServerOptions = {}): Promise<MlflowServer> {
  const folder = mkdtempSync(join(tmpdir(), 'stagelight-mlflow-'));
  const url = `http://127.0.0.1:${await findFreePort()}`;
  const store = parseStore(url, options.clientEnv ?? {})!;
  const api = new MlflowApi(connectTo(store, { timeoutMs: 60_000, cwd: folder, env: {} }).caller);
  const call = async (path: string, init: RequestInit = {}): Promise<Json> => {
    const authorization = store.type === 'server' ? store.access.authorization : undefined;
    const response = await fetch(url + path, {
      ...init,
      headers: {
        'content-type': 'application/json',
        ...(authorization !== undefined && { authorization }),
      },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  let running = spawn(folder, { url, ...options });
  const start = async (): Promise<void> => {
    await waitFor(async () => isUp(url), 120_000).catch(async (error: Error) => {
      if (running.pid !== undefined) killGroup(running.pid);
      throw new Error(`${error.message}\n${(await running).all}`);
    });
  };
  const stop = async (): Promise<void> => {
    // Its workers are in its group; it takes its time when it is asked.
    if (running.pid !== undefined) killGroup(running.pid);
    await running;
  };
  await start();
  return {
    url,
    folder,
    api,
    get: (path) => call(path),
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    stop,
    start: async () => {
      running = spawn(folder, { url, ...options });
      await start();
    },
    close: async () => {
      api.caller.close();
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function spawn(folder: string, { url, args = [], env }: ServerOptions & { url: string }) {
  const { port, hostname } = new URL(url);
  return execa(
    'mlflow',
    [
      'server',
      '--workers=1',
      `--host=${hostname}`,
      `--port=${port}`,
      `--backend-store-uri=sqlite:///${folder}/mlflow.db`,
      ...(args.includes('--no-serve-artifacts')
        ? []
        : ['--artifacts-destination', `${folder}/artifacts`]),
      ...args,
    ],
    {
      detached: true,
      reject: false,
      extendEnv: false,
      env: createEnv(env),
      cwd: folder,
      all: true,
    },
  );
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ended already
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`);
    // The first call loads what the later ones need.
    await fetch(`${url}/api/2.0/mlflow/experiments/search?max_results=1`);
    return response.ok;
  } catch {
    return false;
  }
}
