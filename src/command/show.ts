import { findHome } from '../spool/layout.ts';
import { findBaseline } from '../view/diff/baseline.ts';
import { toShowJson } from '../view/show/show-json.ts';
import { drawRun } from '../view/show/draw-run.ts';
import { createPaint } from '../view/text/paint.ts';
import { loadCourse } from '../view/tree/load-tree.ts';
import { EXIT } from './exit-code.ts';
import type { Command } from './command.ts';
import { RUN_ARGUMENT, requireRun } from './named-run.ts';
import { printJson, printText } from './print.ts';
import { readSending } from './run-sending.ts';
import { drawSending, toSendingJson } from './sending.ts';

interface ShowOptions {
  readonly trials?: boolean;
  readonly links?: boolean;
  readonly json?: boolean;
}

/** `stagelight show [run]` */
export const show: Command = {
  configure(program) {
    program
      .argument('[run]', RUN_ARGUMENT, 'latest')
      .option('--trials', 'list all trials, however many a study has')
      .option('--links', 'the pages of its trials in MLflow')
      .option('--json', 'print one JSON document')
      .addHelpText('after', '\nA stage line: mark and name, duration, when within the run, why.');
  },
  async run({ args, options, io }) {
    const { trials = false, links = false, json = false } = options as ShowOptions;
    const run = await requireRun(args[0], io);
    const course = loadCourse(run);
    const reports = await readSending(run, io);
    if (json) {
      await printJson({ ...toShowJson(course), sending: reports.map(toSendingJson) }, io);
      return EXIT.ok;
    }
    const paint = createPaint(io.stdout, io.env);
    const baseline = await findBaseline(run, findHome(io.cwd, io.env));
    const shown = { showsTrials: trials, showsLinks: links, baselineId: baseline?.info.runId };
    const drawn = drawRun(course, { paint, ...shown });
    await printText(`${drawn}${drawSending(reports, paint)}`, io);
    return EXIT.ok;
  },
};
