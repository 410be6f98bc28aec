import { recordCommand } from '../recording/record-command.ts';
import { findOuterRun } from '../recording/outer-run.ts';
import { openCapture } from '../recording/inner-console.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';

/**
 * `stagelight capture <span> <stage> -- <command> [args]`: what the shell shim starts for a command of DVC's whose output
 * goes to a file, where no console would see it.
 */
export const capture: Command = {
  configure(program) {
    program
      .argument('<span>', 'the span that the output belongs to')
      .argument('<stage>', 'its stage')
      .argument('<command...>', 'the command and its arguments')
      .passThroughOptions();
  },
  async run({ args, io }) {
    const [span = '', stage = '', ...more] = args;
    const [program, ...commandArgs] = more[0] === '--' ? more.slice(1) : more;
    if (program === undefined) throw new UsageError('no command to run');
    const outer = findOuterRun(io.env);
    const recording = outer && openCapture({ span, stage, outer, tell: sayNothing });
    const { end } = await recordCommand(
      {
        command: [program, ...commandArgs],
        env: io.env,
        usePty: false,
        isLive: false,
        tell: sayNothing,
      },
      recording,
    );
    return end.signal ?? end.code ?? 0;
  },
};

/** What it would say would stand in a file of the user's. */
function sayNothing(): void {}
