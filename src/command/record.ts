import { followRun } from '../merge/follow.ts';
import { findWritten } from '../merge/written.ts';
import { readRunInfo } from '../spool/run-file.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';

/** `stagelight record <run-dir>`: what the TypeScript API's `run()` starts to have its run written. */
export const record: Command = {
  configure(program) {
    program.argument('<run-dir>', 'the directory of a run that is under way');
  },
  async run({ args, io }) {
    const [runDir = ''] = args;
    const info = readRunInfo(runDir);
    if (info === undefined) throw new UsageError(`there is no run in ${runDir}`);
    if (info.state !== 'running') return EXIT.ok;
    const written = findWritten(runDir);
    const ended = await followRun({ runDir, info, written, env: io.env });
    return ended === undefined ? EXIT.fault : EXIT.ok;
  },
};
