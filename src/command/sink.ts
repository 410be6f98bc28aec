import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { toLoggingSettings } from '../config/to-logging-settings.ts';
import { SinkWorker } from '../serve/sink-worker.ts';
import type { SinkRefused } from '../serve/sink-worker.ts';
import { readMlflowSettings } from '../sink/mlflow/settings.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { readConfig } from './read-config.ts';

interface SinkCommandOptions {
  readonly host: string;
  readonly port: string;
  readonly dir?: string;
  readonly keep: string;
}

const TOKEN_VARIABLE = 'STAGELIGHT_SINK_TOKEN';
const HOUR_MS = 3_600_000;

/** `stagelight sink mlflow` */
export const sink: Command = {
  configure(program) {
    program
      .argument('<destination>', 'where runs go: mlflow')
      .option('--host <address>', 'the address to listen on', '127.0.0.1')
      .option('--port <number>', 'the port to listen on; 0 for any that is free', '34318')
      .option('--dir <folder>', 'where what came in is kept (default: ~/.stagelight-sink)')
      .option('--keep <hours>', 'how long a run is kept when all of it is sent', '24')
      .addHelpText(
        'after',
        `
A service: takes OTLP/HTTP in, from a Collector, and writes runs to the tracking server that
MLFLOW_TRACKING_URI or stagelight.yaml names. Whoever sends has to give the token that is in
${TOKEN_VARIABLE}, where it is set, as the header x-stagelight-token.`,
      );
  },
  async run({ args, options, io }) {
    const given = options as unknown as SinkCommandOptions;
    if (args[0] !== 'mlflow') throw new UsageError(`no sink '${args[0]}'`, 'there is: mlflow');
    const { config } = await readConfig(io);
    const settings = readMlflowSettings(config.mlflow, io.env);
    if (settings.store?.type !== 'server') {
      throw new UsageError(
        'no MLflow tracking server is configured',
        'set MLFLOW_TRACKING_URI, to http://localhost:5000 for example',
      );
    }
    const folder =
      given.dir === undefined ? join(toHome(io), '.stagelight-sink') : resolve(io.cwd, given.dir);
    const port = toNumber(given.port, { name: '--port', most: 65_535 });
    if (!Number.isInteger(port)) throw new UsageError(`--port takes a whole number: ${port}`);
    const worker = new SinkWorker({
      folder,
      host: given.host,
      port,
      token: io.env[TOKEN_VARIABLE] || undefined,
      mlflow: config.mlflow,
      logging: toLoggingSettings(config),
      keepMs: toNumber(given.keep, { name: '--keep', most: 24 * 365 }) * HOUR_MS,
      env: io.env,
      tell: (message) => void io.stderr.write(`stagelight: ${message}\n`),
    });
    const url = await worker.url.catch((error: Error) => {
      throw toUsageError(error, { ...given, folder });
    });
    io.stdout.write(`taking OTLP in at ${url}, for MLflow at ${settings.store.url}\n`);
    await Promise.race([untilStopped(), worker.ended]);
    const { unsentCount } = await worker.stop();
    io.stdout.write(`stopped; ${toRest(unsentCount, folder)}\n`);
    return EXIT.ok;
  },
};

/** Why it didn't start, in words of the flags that change it. */
function toUsageError(
  error: Error,
  { host, port, folder }: { host: string; port: string; folder: string },
): UsageError {
  const { code, message } = error as Partial<SinkRefused>;
  if (code === 'FOLDER_IN_USE') return new UsageError(String(message), 'give another --dir');
  if (code === 'EADDRINUSE') {
    const problem = `port ${port} of ${host} is in use, perhaps by a sink that runs already`;
    return new UsageError(problem, 'give another --port; 0 takes any that is free');
  }
  if (String(message).includes(folder))
    return new UsageError(`can't write to ${folder}: ${message}`, 'give another --dir');
  const problem = `can't listen on ${host}:${port}: ${message}`;
  return new UsageError(problem, 'give another --port or --host');
}

function toRest(unsentCount: number, folder: string): string {
  if (unsentCount === 0) return 'all that came in is sent';
  const runs = unsentCount === 1 ? '1 run is' : `${unsentCount} runs are`;
  return `${runs} kept in ${folder}, to be sent by the next start`;
}

function toHome({ env }: CommandIo): string {
  return env['HOME'] || homedir();
}

function toNumber(text: string, { name, most }: { name: string; most: number }): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number <= most) return number;
  throw new UsageError(`${name} takes a number up to ${most}: ${text}`);
}

/** Until the first signal. A second one ends the process at once, as it does by default. */
async function untilStopped(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
