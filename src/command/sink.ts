import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { toLoggingSettings } from '../config/to-logging-settings.ts';
import { SinkWorker } from '../serve/sink-worker.ts';
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
    const worker = new SinkWorker({
      folder:
        given.dir === undefined ? join(toHome(io), '.stagelight-sink') : resolve(io.cwd, given.dir),
      host: given.host,
      port: toNumber(given.port, { name: '--port', most: 65_535 }),
      token: io.env[TOKEN_VARIABLE] || undefined,
      mlflow: config.mlflow,
      logging: toLoggingSettings(config),
      keepMs: toNumber(given.keep, { name: '--keep', most: 24 * 365 }) * HOUR_MS,
      env: io.env,
      tell: (message) => void io.stderr.write(`stagelight: ${message}\n`),
    });
    const url = await untilListening(worker, given);
    io.stdout.write(`taking OTLP in at ${url}, for MLflow at ${settings.store.url}\n`);
    await Promise.race([untilStopped(), worker.ended]);
    await worker.stop();
    return EXIT.ok;
  },
};

async function untilListening(
  worker: SinkWorker,
  { host, port }: SinkCommandOptions,
): Promise<string> {
  return worker.url.catch((error: Error) => {
    throw new UsageError(
      `can't listen on ${host}:${port}: ${error.message}`,
      'give another --port or --host',
    );
  });
}

function toHome({ env }: CommandIo): string {
  return env['HOME'] || homedir();
}

function toNumber(text: string, { name, most }: { name: string; most: number }): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number <= most) return number;
  throw new UsageError(`${name} takes a number up to ${most}: ${text}`);
}

async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
