import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { findProgram } from '../peers.ts';

export interface ServerOptions {
  /** A program that `findProgram` knows. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Asked again and again until it is so. */
  readonly isReady: () => Promise<boolean>;
}

/** On a loaded machine Python's take more than a minute. */
const READY_MS = 180_000;
const STOP_MS = 30_000;

/** A real server. It can be started, stopped and killed as often as a test likes, and stays at its address. */
export class ServerProcess {
  readonly #options: ServerOptions;
  #process: ReturnType<typeof spawn> | undefined;
  #log = '';

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** What it has printed, on both streams, over all its starts. */
  get log(): string {
    return this.#log;
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    const child = spawn(this.#options);
    this.#process = child;
    child.all.on('data', (bytes: Buffer) => (this.#log += String(bytes)));
    const end = Date.now() + READY_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${this.#options.program} ended at its start:\n${this.#log}`);
      if (Date.now() > end)
        throw new Error(`${this.#options.program} isn't ready after ${READY_MS} ms:\n${this.#log}`);
      await sleep(25);
    }
  }

  /** Asks it to end and waits until it has. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it as a crash would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #isReady(): Promise<boolean> {
    try {
      return await this.#options.isReady();
    } catch {
      return false;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await child;
    clearTimeout(timer);
  }
}

function spawn({ program, args, env, cwd }: ServerOptions) {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} isn't there: wrap the test with testWith`);
  const { PATH, HOME } = process.env;
  // execa ends it with this process, should the test never come to stop it.
  return execa(path, args, {
    reject: false,
    extendEnv: false,
    env: { PATH, HOME, ...env },
    ...(cwd !== undefined && { cwd }),
    stdin: 'ignore',
    all: true,
    buffer: false,
  });
}

/** Stops a server when the test has ended. (In `beforeAll`, call its `stop` in `afterAll` instead.) */
export function untilTestEnds<Server extends { stop(): Promise<void> }>(server: Server): Server {
  onTestFinished(() => server.stop(), 2 * STOP_MS);
  return server;
}

/** The status of a request, whatever it is. @throws when nobody answers. */
export async function fetchStatus(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}
