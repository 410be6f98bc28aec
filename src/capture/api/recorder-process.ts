import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readRunInfo } from '../../spool/run-file.ts';
import { tellOnce } from './safely.ts';

/** The built command line, from dist/lib/capture/api/. */
const BIN = new URL('../../../cli/bin.js', import.meta.url);

/**
 * `stagelight record`, which writes the files of a run that this process began, and goes on when this process is gone. It
 * doesn't keep the event loop busy until {@link RecorderProcess.finish} is called.
 */
export class RecorderProcess {
  readonly #runDir: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess;

  constructor({ runDir, env }: { runDir: string; env: NodeJS.ProcessEnv }) {
    this.#runDir = runDir;
    this.#env = env;
    this.#child = this.#start();
  }

  /** The run's end is in the inbox: waits until the files are whole. Never rejects. */
  async finish(): Promise<void> {
    // One that died on the way is done again from the inboxes, which it reads from the start.
    for (let tries = 0; tries < 2 && this.#isUnfinished(); tries += 1) {
      if (tries > 0) this.#child = this.#start();
      await this.#waitForEnd();
    }
    if (!this.#isUnfinished()) return;
    tellOnce(
      'recorder',
      `can't write the run; what was recorded is kept in ${this.#runDir} and read by the next stagelight command`,
    );
  }

  #start(): ChildProcess {
    const path = fileURLToPath(BIN);
    // Its own session: a Ctrl-C is for the program, and the run has to be written all the same.
    const child = spawn(process.execPath, [path, 'record', this.#runDir], {
      detached: true,
      stdio: 'ignore',
      cwd: this.#runDir,
      env: { ...this.#env, NODE_OPTIONS: '' },
    });
    child.on('error', () => {}); // seen by `finish`
    child.unref();
    return child;
  }

  async #waitForEnd(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    await once(child, 'exit').catch(() => {});
  }

  #isUnfinished(): boolean {
    return readRunInfo(this.#runDir)?.state === 'running';
  }
}
