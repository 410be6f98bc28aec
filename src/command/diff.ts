import { findHome } from '../spool/layout.ts';
import { findBaseline } from '../view/diff/baseline.ts';
import { compareRuns } from '../view/diff/compare.ts';
import { findComparedStages } from '../view/diff/compared-stages.ts';
import { toDiffJson } from '../view/diff/diff-json.ts';
import { drawDiff } from '../view/diff/draw-diff.ts';
import { toRunFacts } from '../view/diff/run-facts.ts';
import type { RunFacts } from '../view/diff/run-facts.ts';
import { toShortId } from '../view/short-id.ts';
import type { OpenedRun } from '../view/open-run.ts';
import { escapeLine } from '../view/text/escape.ts';
import { createPaint } from '../view/text/paint.ts';
import { loadCourse } from '../view/tree/load-tree.ts';
import { UsageError } from './command.ts';
import type { Command, CommandIo } from './command.ts';
import { EXIT } from './exit-code.ts';
import { RUN_ARGUMENT, requireRun } from './named-run.ts';
import { printJson, printText } from './print.ts';

/** `stagelight diff [run] [run]` */
export const diff: Command = {
  configure(program) {
    program
      .argument('[run]', RUN_ARGUMENT)
      .argument('[run]', 'the run to compare it with')
      .option('--json', 'print one JSON document')
      .addHelpText(
        'after',
        '\nAlone, a run is compared with the last successful one of its pipeline before it; without any, the latest is.' +
          '\nExit code: 0 when they are the same, 1 when they differ, 2 when there is nothing to compare.',
      );
  },
  async run({ args: [first, second], options, io }) {
    const right = await requireRun(second ?? first, io);
    const left =
      second === undefined ? await requireBaseline(right, io) : await requireRun(first, io);
    const comparison = compareRuns(await readFacts(left), await readFacts(right));
    if (options['json'] === true) await printJson(toDiffJson([left, right], comparison), io);
    else await printText(drawDiff([left, right], comparison, createPaint(io.stdout, io.env)), io);
    return comparison.isEqual ? EXIT.ok : EXIT.no;
  },
};

async function readFacts(run: OpenedRun): Promise<RunFacts> {
  const course = loadCourse(run);
  return toRunFacts(course, await findComparedStages(course));
}

async function requireBaseline(run: OpenedRun, io: CommandIo): Promise<OpenedRun> {
  const baseline = await findBaseline(run, findHome(io.cwd, io.env));
  if (baseline !== undefined) return baseline;
  const { pipeline, runId } = run.info;
  throw new UsageError(
    `no successful run of '${escapeLine(pipeline)}' before ${toShortId(runId)} to compare it with`,
    'name two runs: stagelight diff <run> <run>; stagelight ls shows them',
  );
}
