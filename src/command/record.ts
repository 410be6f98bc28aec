import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { followRun } from '../merge/follow.ts';
import type { MergeOptions } from '../merge/merge.ts';
import { rewriteText } from '../merge/recover.ts';
import { findWritten } from '../merge/written.ts';
import { FILE } from '../spool/layout.ts';
import { tryLock } from '../spool/lock.ts';
import { cutTornLine } from '../spool/repair.ts';
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
    const unlock = tryLock(join(runDir, FILE.lock));
    if (unlock === undefined) return EXIT.ok; // somebody else writes it
    try {
      return await follow({ runDir, info, env: io.env });
    } finally {
      unlock();
    }
  },
};

async function follow(options: MergeOptions): Promise<number> {
  const { runDir } = options;
  const isContinued = existsSync(join(runDir, FILE.logs)); // an earlier one was killed
  if (isContinued) for (const name of [FILE.logs, FILE.traces]) cutTornLine(join(runDir, name));
  const written = findWritten(runDir);
  const ended = await followRun({ ...options, written });
  if (ended === undefined) return EXIT.fault;
  if (isContinued) rewriteText(runDir, ended);
  return EXIT.ok;
}
