import { findHome } from '../spool/layout.ts';
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

const MAX_SHOWN = 5;

/**
 * The run that an argument names, the latest by default.
 * @throws {UsageError} when there is none, with what was probably meant and the newest runs.
 */
export async function requireRun(name: string | undefined, io: CommandIo): Promise<OpenedRun> {
  const home = findHome(io.cwd, io.env);
  const found = await findRun(name ?? LATEST, { home, cwd: io.cwd });
  if (found.status === 'found') return found.run;
  if (found.status === 'none') throw new UsageError(`no runs in ${home}`, NO_RUNS_HINT);
  throw await toError(name ?? LATEST, found, io);
}

async function toError(
  name: string,
  miss: Exclude<RunMiss, { status: 'none' }>,
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
