import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { isRunId } from '../model/ids.ts';
import { splitOverrides } from '../config/layers/override-syntax.ts';
import type { FlagSetting } from '../config/load.ts';
import { toLoggingSettings } from '../config/to-logging-settings.ts';
import { readConfig } from './read-config.ts';
import { toPythonHook } from '../recording/python-hook.ts';
import { recordRun } from './record-run.ts';
import { toSending } from './sending.ts';

interface RunOptions {
  readonly name?: string;
  readonly runId?: string;
  readonly join?: boolean;
  readonly tty: boolean;
  readonly live?: boolean;
  readonly quiet?: boolean;
  readonly pythonHook: boolean;
  readonly otlpReceiver?: boolean;
  readonly flushTimeout?: string;
}

const MAX_FLUSH_SECONDS = 3600;

/** `stagelight run [options] -- <command> [args]` */
export const run: Command = {
  configure(program) {
    program
      .usage('[options] [key=value ...] -- <command> [args]')
      .argument('[command...]', 'the command and its arguments')
      .option(
        '--name <name>',
        "the pipeline's name (default: the repository and the path of its dvc.yaml)",
      )
      .option('--run-id <id>', 'the run ID, 32 lower-case hex digits (default: a random one)')
      .option('--join', 'be a part of the trace that TRACEPARENT names (default: link to it)')
      .option(
        '--live',
        'have Python print at once (sets PYTHONUNBUFFERED; slower, and parallel workers garble lines)',
      )
      .option('--no-tty', 'give the command pipes, even on a terminal')
      .option('--no-python-hook', "stay out of the command's Python processes")
      .option(
        '--otlp-receiver',
        "take in what the command's own OpenTelemetry sends, over OTLP/HTTP on a local port",
      )
      .option('-q, --quiet', 'no line at the end')
      .option(
        '--flush-timeout <seconds>',
        'how long the end waits while a destination takes something (default: 10)',
      )
      .passThroughOptions();
  },
  async run({ args, options, io }) {
    const given = options as unknown as RunOptions;
    const { overrides, rest } = splitOverrides(args);
    const command = toCommand(rest, overrides);
    if (given.runId !== undefined && !isRunId(given.runId)) {
      throw new UsageError(`--run-id isn't 32 lower-case hex digits (and not all zero)`);
    }
    const loaded = await readConfig(io, { overrides, flags: toFlags(given) });
    const { config } = loaded;
    return recordRun({
      command,
      name: config.pipeline,
      environment: config.environment,
      runId: given.runId,
      join: given.join ?? false,
      usePty: config.run.tty,
      isLive: config.run.live,
      isQuiet: config.run.quiet,
      dvcShell: config.dvc.shell,
      takesOtlp: config.run.otlp_receiver,
      pythonHook: toPythonHook(config),
      logging: toLoggingSettings(config),
      sending: toSending(loaded, io),
      mlflow: config.mlflow,
      io,
    });
  },
};

function toCommand(
  [program, ...args]: readonly string[],
  overrides: readonly string[],
): [string, ...string[]] {
  if (program === undefined) {
    throw new UsageError('no command to run', 'for example: stagelight run -- dvc repro');
  }
  if (overrides.length > 0 && program.startsWith('-')) {
    throw new UsageError(
      `options stand before arguments such as ${overrides[0]}: ${program}`,
      'for example: stagelight run --live logging=debug -- dvc repro',
    );
  }
  return [program, ...args];
}

/** What the flags say of settings; a flag that isn't given says nothing. */
function toFlags(given: RunOptions): FlagSetting[] {
  const { name, live, quiet, tty, pythonHook, otlpReceiver, flushTimeout } = given;
  return [
    ...(name === undefined ? [] : [{ key: 'pipeline', value: name, flag: '--name' }]),
    ...(live ? [{ key: 'run.live', value: true, flag: '--live' }] : []),
    ...(quiet ? [{ key: 'run.quiet', value: true, flag: '--quiet' }] : []),
    ...(tty ? [] : [{ key: 'run.tty', value: false, flag: '--no-tty' }]),
    ...(otlpReceiver ? [{ key: 'run.otlp_receiver', value: true, flag: '--otlp-receiver' }] : []),
    ...(pythonHook ? [] : [{ key: 'python.hook', value: false, flag: '--no-python-hook' }]),
    ...(flushTimeout === undefined
      ? []
      : [{ key: 'run.flush_timeout', value: toNumber(flushTimeout), flag: '--flush-timeout' }]),
  ];
}

/** @throws {UsageError} for what is no number of seconds */
function toNumber(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0 && seconds <= MAX_FLUSH_SECONDS) return seconds;
  throw new UsageError(`--flush-timeout takes seconds, from 0 to ${MAX_FLUSH_SECONDS}: ${text}`);
}
