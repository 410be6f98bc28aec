import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { isRunId } from '../model/ids.ts';
import { DEFAULT_LOGGING } from '../config/defaults.ts';
import { recordRun } from './record-run.ts';

interface RunOptions {
  readonly name?: string;
  readonly runId?: string;
  readonly join?: boolean;
  readonly tty: boolean;
  readonly live?: boolean;
  readonly quiet?: boolean;
}

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
      .option('-q, --quiet', 'no line at the end')
      .passThroughOptions();
  },
  async run({ args, options, io }) {
    const given = options as unknown as RunOptions;
    const [program, ...rest] = args;
    if (program === undefined) {
      throw new UsageError('no command to run', 'for example: stagelight run -- dvc repro');
    }
    if (given.runId !== undefined && !isRunId(given.runId)) {
      throw new UsageError(`--run-id isn't 32 lower-case hex digits (and not all zero)`);
    }
    return recordRun({
      command: [program, ...rest],
      name: given.name,
      runId: given.runId,
      join: given.join ?? false,
      usePty: given.tty,
      isLive: given.live ?? false,
      isQuiet: given.quiet ?? false,
      logging: DEFAULT_LOGGING,
      io,
    });
  },
};
