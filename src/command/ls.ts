import { findHome } from '../spool/layout.ts';
import { listRuns } from '../spool/run-file.ts';
import { drawRunRows, isListed } from '../view/list/run-rows.ts';
import type { ListedRun } from '../view/list/run-rows.ts';
import { measureFolder } from '../view/list/run-size.ts';
import { openRun } from '../view/open-run.ts';
import { toRunJson } from '../view/run-json.ts';
import { STATUSES } from '../view/run-status.ts';
import type { Status } from '../view/run-status.ts';
import { escapeLine } from '../view/text/escape.ts';
import { createPaint } from '../view/text/paint.ts';
import { suggestName } from '../view/text/suggest.ts';
import { formatCount } from '../view/text/units.ts';
import { UsageError } from './command.ts';
import type { Command, CommandIo } from './command.ts';
import { EXIT } from './exit-code.ts';
import { NO_RUNS_HINT, requireReadable } from './named-run.ts';
import { printJson, printText } from './print.ts';

interface LsOptions {
  readonly limit?: string;
  readonly pipeline?: string;
  readonly result?: string;
  readonly json?: boolean;
}

const DEFAULT_LIMIT = 20;

/** `stagelight ls` */
export const ls: Command = {
  configure(program) {
    program
      .option(
        '-n, --limit <count>',
        `show the newest runs only (default: ${DEFAULT_LIMIT}; 0 for all; JSON has all)`,
      )
      .option('--pipeline <name>', 'runs of one pipeline only')
      .option('--result <results>', `runs that came out so: ${STATUSES.join(', ')}`)
      .option('--json', 'print one JSON array');
  },
  async run({ options, io }) {
    const { json = false, ...given } = options as LsOptions;
    const home = findHome(io.cwd, io.env);
    const wanted = { pipeline: given.pipeline, statuses: parseStatuses(given.result) };
    const limit = parseLimit(given.limit) ?? (json ? 0 : DEFAULT_LIMIT);
    const all = listRuns(home);
    const names = [...new Set(all.map(({ info }) => info.pipeline))];
    if (all.length > 0) requirePipeline(given.pipeline, names);
    const runs: ListedRun[] = [];
    for (const { runDir } of all) {
      const run = await openRun(runDir);
      if (run !== undefined && isListed(run, wanted)) runs.push(run);
    }
    const shown = (limit === 0 ? runs : runs.slice(0, limit)).map((run) => ({
      ...run,
      sizeBytes: measureFolder(run.runDir),
    }));
    if (json) {
      const documents = shown.map((run) => ({ ...toRunJson(run), sizeBytes: run.sizeBytes }));
      await printJson(documents, io);
    } else if (all.length === 0) {
      requireReadable(home);
      await printText(`No runs yet in ${escapeLine(home)}: ${NO_RUNS_HINT}\n`, io);
    } else {
      await printText(drawRuns(shown, { total: runs.length, io }), io);
    }
    return EXIT.ok;
  },
};

function drawRuns(
  runs: readonly ListedRun[],
  { total, io }: { readonly total: number; readonly io: CommandIo },
): string {
  if (runs.length === 0) return 'No such runs.\n';
  const paint = createPaint(io.stdout, io.env);
  const lines = drawRunRows(runs, paint);
  const rest = total - runs.length;
  if (rest > 0)
    lines.push(paint.paint(`${formatCount(rest, 'earlier run')}: stagelight ls -n 0`, 'dim'));
  return `${lines.join('\n')}\n`;
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--limit isn't a number: ${escapeLine(text)}`);
  return Number(text);
}

function parseStatuses(text: string | undefined): Status[] | undefined {
  return text?.split(',').map((name) => {
    const status = STATUSES.find((each) => each === name.trim().toLowerCase());
    if (status !== undefined) return status;
    const suggestion = suggestName(name, STATUSES);
    throw new UsageError(
      `no result '${escapeLine(name)}'${suggestion === undefined ? '' : `; did you mean '${suggestion}'?`}`,
      `results are: ${STATUSES.join(', ')}`,
    );
  });
}

function requirePipeline(name: string | undefined, names: readonly string[]): void {
  if (name === undefined || names.includes(name)) return;
  const suggestion = suggestName(name, names);
  throw new UsageError(
    `no runs of a pipeline '${escapeLine(name)}'${suggestion === undefined ? '' : `; did you mean '${escapeLine(suggestion)}'?`}`,
    `pipelines here: ${names.map(escapeLine).join(', ')}`,
  );
}
