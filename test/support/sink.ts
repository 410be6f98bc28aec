import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { CLI, createEnv } from './cli.ts';

export interface StartedSink {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string };
}

/** Starts `stagelight sink mlflow` on a free port, for as long as the test goes on. */
export async function startSink(options: {
  readonly dir: string;
  /** MLflow's address. */
  readonly tracking: string;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<StartedSink> {
  const args = [CLI, 'sink', 'mlflow', '--port', '0', '--dir', options.dir];
  const env = createEnv({ MLFLOW_TRACKING_URI: options.tracking, ...options.env });
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const printed = { stdout: '', stderr: '' };
  child.stderr.on('data', (text) => (printed.stderr += String(text)));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      printed.stdout += String(text);
      const found = /at (http:\S+),/.exec(printed.stdout)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`no address: ${printed.stderr}`)));
  });
  return { url, child, printed };
}
