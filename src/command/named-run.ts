import { findHome } from '../spool/layout.ts';
import { findListFault } from '../spool/run-file.ts';
import { LATEST, findRun } from '../view/find-run.ts';
import type { RunMiss } from '../view/find-run.ts';
import { openRun } from '../view/open-run.ts';
import type { OpenedRun } from '../view/open-run.ts';
import { escapeLine } from '../view/text/escape.ts';
import { drawRunRows } from '../view/list/run-rows.ts';
import { createPaint } from '../view/text/paint.ts';
import { UsageError } from './command.ts';
import type { CommandIo } from './command.ts';

/** How runs are named, for help texts. */
export const RUN_ARGUMENT =
  'run ID or the beginning of one, latest, @1 (the one before), or the path of a run directory';

/** What to do where there are no runs. */
export const NO_RUNS_HINT = 'record one with: stagelight run -- dvc repro';

/** What to do where the folder of runs can't be used. */
const DIR_HINT = 'give yourself access to it, or name another folder with STAGELIGHT_DIR';

const MAX_SHOWN = 5;

/**
 * The run that an argument names, the latest by default.
 * @throws {UsageError} when there is none, with what was probably meant and the newest runs.
 */
export async function requireRun(name: string | undefined, io: CommandIo): Promise<OpenedRun> {
  const home = findHome(io.cwd, io.env);
  const found = await findRun(name ?? LATEST, { home, cwd: io.cwd });
  if (found.status === 'found') return found.run;
  if (found.status === 'none') {
    requireReadable(home);
    throw new UsageError(`no runs in ${home}`, NO_RUNS_HINT);
  }
  if (found.status === 'unreadable')
    throw new UsageError(
      `${escapeLine(found.path)} isn't a run's directory: ${found.fault}`,
      'name one of .stagelight/runs, or a copy of all that is in it',
    );
  throw await toError(name ?? LATEST, found, io);
}

/** @throws {UsageError} when the folder of runs is there and can't be read. */
export function requireReadable(home: string): void {
  const fault = findListFault(home);
  if (fault !== undefined)
    throw new UsageError(`the runs can't be read: ${escapeLine(fault)}`, DIR_HINT);
}

async function toError(
  name: string,
  miss: Extract<RunMiss, { runs: unknown }>,
  io: CommandIo,
): Promise<UsageError> {
  const shown = `'${escapeLine(name)}'`;
  const newest = await Promise.all(
    miss.runs.slice(0, MAX_SHOWN).map(async ({ runDir }) => openRun(runDir)),
  );
  const rows = drawRunRows(
    newest.filter((run) => run !== undefined),
    createPaint(io.stderr, io.env),
  ).map((line) => `  ${line}`);
  if (miss.status === 'ambiguous') {
    return new UsageError(
      `${miss.runs.length} runs begin with ${shown}; give more of the ID`,
      rows.join('\n').trimStart(),
    );
  }
  const suggestion = miss.suggestion === undefined ? '' : `; did you mean '${miss.suggestion}'?`;
  return new UsageError(
    `no run ${shown}${suggestion}`,
    [`the newest of ${miss.runs.length} runs:`, ...rows].join('\n'),
  );
}
