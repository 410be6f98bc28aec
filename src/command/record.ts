import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { followRun } from '../merge/follow.ts';
import type { MergeOptions } from '../merge/merge.ts';
import { rewriteText } from '../merge/recover.ts';
import { findWritten } from '../merge/written.ts';
import { FILE } from '../spool/layout.ts';
import { tryLock } from '../spool/lock.ts';
import { cutTornLine } from '../spool/repair.ts';
import { readRunInfo } from '../spool/run-file.ts';
import type { RunInfo } from '../model/run-info.ts';
import { ShipWorker } from '../recording/ship-worker.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { toSending } from './sending.ts';

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
      return await follow({ runDir, info, env: io.env }, await startSending(runDir, { info, io }));
    } finally {
      unlock();
    }
  },
};

/** Sends the run while it is written, where the program that began it has said where. */
async function startSending(
  runDir: string,
  { info, io }: { info: RunInfo; io: CommandIo },
): Promise<ShipWorker | undefined> {
  try {
    const place = { ...io, cwd: info.cwd };
    const sending = toSending(await loadConfig({ cwd: info.cwd, env: io.env }), place);
    if (sending === undefined) return undefined;
    const home = dirname(dirname(runDir));
    return new ShipWorker({ home, runDir, info, env: io.env, tell: () => {}, ...sending });
  } catch {
    return undefined; // a mistake in the configuration: told by every command that a person calls
  }
}

async function follow(options: MergeOptions, shipper: ShipWorker | undefined): Promise<number> {
  const { runDir } = options;
  const isContinued = existsSync(join(runDir, FILE.logs)); // an earlier one was killed
  if (isContinued) for (const name of [FILE.logs, FILE.traces]) cutTornLine(join(runDir, name));
  const written = findWritten(runDir);
  const ended = await followRun({ ...options, written });
  await shipper?.finish();
  if (ended === undefined) return EXIT.fault;
  if (isContinued) rewriteText(runDir, ended);
  return EXIT.ok;
}
