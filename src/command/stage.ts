import { splitOverrides } from '../config/layers/override-syntax.ts';
import { toLoggingSettings } from '../config/to-logging-settings.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { readConfig } from './read-config.ts';
import { toPythonHook } from '../recording/python-hook.ts';
import { recordRun } from './record-run.ts';
import { toSending } from './sending.ts';

interface StageOptions {
  readonly tty: boolean;
  readonly live?: boolean;
  readonly quiet?: boolean;
}

/** `stagelight stage <name> -- <command> [args]` */
export const stage: Command = {
  configure(program) {
    program
      .usage('[options] <name> -- <command> [args]')
      .argument('<name>', "the stage's name")
      .argument('[command...]', 'the command and its arguments')
      .option('--live', 'have Python print at once (sets PYTHONUNBUFFERED)')
      .option('--no-tty', 'give the command pipes, even on a terminal')
      .option('-q, --quiet', 'no line at the end')
      .addHelpText(
        'after',
        `
For Makefiles and shell scripts: inside "stagelight run" the stage is a span of that run,
alone it is a run of one stage.

  train:
  \tstagelight stage train -- python train.py`,
      )
      .passThroughOptions();
  },
  async run({ args, options, io }) {
    const given = options as unknown as StageOptions;
    const [name, ...more] = args;
    // Behind an argument the parser leaves `--` where it stands.
    const { overrides, rest } = splitOverrides(more[0] === '--' ? more.slice(1) : more);
    const [program, ...commandArgs] = rest;
    if (name === undefined || program === undefined) {
      throw new UsageError(
        'a stage has a name and a command',
        'for example: stagelight stage train -- python train.py',
      );
    }
    const loaded = await readConfig(io, { overrides, flags: [] });
    const { config } = loaded;
    return recordRun({
      command: [program, ...commandArgs],
      stage: name,
      name: config.pipeline,
      environment: config.environment,
      runId: undefined,
      join: false,
      usePty: given.tty && config.run.tty,
      isLive: given.live ?? config.run.live,
      isQuiet: given.quiet ?? config.run.quiet,
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
