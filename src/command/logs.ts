import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareTimes, now } from '../model/time.ts';
import { FILE } from '../spool/layout.ts';
import type { OpenedRun } from '../view/open-run.ts';
import { Output } from '../view/output.ts';
import { followRun } from '../view/records/follow.ts';
import { LEVEL_WORDS, parseLevel, parsePattern } from '../view/records/parse-query.ts';
import { parseSince } from '../view/records/parse-since.ts';
import { createFilter } from '../view/records/record-filter.ts';
import type { RecordQuery } from '../view/records/record-filter.ts';
import { toRecordLine } from '../view/records/record-json.ts';
import { createRecordText } from '../view/records/record-text.ts';
import { RecordSource, TextSource } from '../view/records/source.ts';
import type { Source } from '../view/records/source.ts';
import { createStageTest } from '../view/records/stage-names.ts';
import { toEndTime } from '../view/run-status.ts';
import { drawAskedLinks } from '../view/show/mlflow-lines.ts';
import { toShortId } from '../view/short-id.ts';
import { escapeLine } from '../view/text/escape.ts';
import { createPaint } from '../view/text/paint.ts';
import { suggestName } from '../view/text/suggest.ts';
import { formatLocalTime } from '../view/text/units.ts';
import { loadCourse } from '../view/tree/load-tree.ts';
import { walk } from '../view/tree/run-node.ts';
import { UsageError } from './command.ts';
import type { Command, CommandIo } from './command.ts';
import { EXIT } from './exit-code.ts';
import { RUN_ARGUMENT, requireRun } from './named-run.ts';

interface LogsOptions {
  readonly stage?: string;
  readonly trial?: string;
  readonly level?: string;
  readonly grep?: string;
  readonly since?: string;
  readonly links?: boolean;
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly raw?: boolean;
}

/** `stagelight logs [run]` */
export const logs: Command = {
  configure(program) {
    program
      .argument('[run]', RUN_ARGUMENT, 'latest')
      .option('--stage <name>', 'records of a stage; * and ? stand for anything')
      .option('--trial <number>', 'records of a trial')
      .option('--level <level>', "this level and above: a name, or Python's number")
      .option('--grep <regexp>', 'the message or traceback matches; capitals count if it has any')
      .option('--since <time>', '10m, 2h, 1d ago; 06:30; 2026-11-23T06:30:00Z')
      .option('--links', 'above them the pages in MLflow: of the run and its trials, or the trial')
      .option('-f, --follow', 'go on until the run ends')
      .option('--json', 'one JSON object for each record, events for machines among them')
      .option('--raw', 'piped: control characters as they were logged');
  },
  async run({ args, options, io }) {
    const given = options as LogsOptions;
    const query = parseQuery(given);
    const run = await requireRun(args[0], io);
    const output = new Output(io.stdout);
    if (showsLinks(given, io)) await printLinks(run, { query, output, io });
    const source = openSource(run, { given, query, output, io });
    if (given.follow === true && run.state === 'running') {
      await followRun(run.runDir, { source, output });
    } else {
      await source.readOn();
    }
    await output.close();
    if (source instanceof RecordSource && source.count === 0)
      explainNothing(run, { query, given, io });
    return EXIT.ok;
  },
};

/** Asked for, or somebody looks at one trial. */
function showsLinks({ links, trial, json }: LogsOptions, { stdout }: CommandIo): boolean {
  return json !== true && (links === true || (trial !== undefined && stdout.isTTY === true));
}

async function printLinks(
  run: OpenedRun,
  { query, output, io }: { query: RecordQuery; output: Output; io: CommandIo },
): Promise<void> {
  const lines = drawAskedLinks(loadCourse(run), query, createPaint(io.stdout, io.env));
  if (lines.length > 0) await output.write(`mlflow\n${lines.join('\n')}\n\n`);
}

function openSource(
  run: OpenedRun,
  how: { given: LogsOptions; query: RecordQuery; output: Output; io: CommandIo },
): Source {
  const { given, query, output, io } = how;
  const paint = createPaint(io.stdout, io.env);
  const isRaw = given.raw === true && io.stdout.isTTY !== true;
  const text = join(run.runDir, FILE.text);
  const isFiltered = Object.values(query).some((condition) => condition !== undefined);
  // The run has its text already: the same, but for colours.
  if (!isFiltered && given.json !== true && !paint.isColored && existsSync(text))
    return new TextSource(text, { output, isRaw });
  const minimumSeverity =
    query.minimumSeverity === undefined ? run.info.logging.minimumSeverity : 0;
  return new RecordSource(join(run.runDir, FILE.logs), {
    output,
    filter: createFilter(query),
    show:
      given.json === true
        ? toRecordLine
        : createRecordText(run.info, { minimumSeverity, isRaw, paint }),
  });
}

/** @throws {UsageError} when there is no such stage. */
function explainNothing(
  run: OpenedRun,
  { query, given, io }: { query: RecordQuery; given: LogsOptions; io: CommandIo },
): void {
  if (given.stage !== undefined) {
    const stages = [...walk(loadCourse(run).root)].filter(({ kind }) => kind === 'stage');
    const names = [...new Set(stages.map(({ name }) => name))];
    if (!names.some((name) => query.isStage!(name))) {
      const suggestion = suggestName(given.stage, names);
      throw new UsageError(
        `no stage '${escapeLine(given.stage)}' in run ${toShortId(run.info.runId)}${suggestion === undefined ? '' : `; did you mean '${escapeLine(suggestion)}'?`}`,
        names.length === 0
          ? 'the run has no stages'
          : `its stages: ${names.map(escapeLine).join(', ')}`,
      );
    }
  }
  const { since } = query;
  const isLater = since !== undefined && compareTimes(toEndTime(run), since) < 0;
  const why = isLater ? `: the run ended at ${formatLocalTime(toEndTime(run))}` : '';
  io.stderr.write(`stagelight: no records match${why}\n`);
}

function parseQuery({ stage, trial, level, grep, since }: LogsOptions): RecordQuery {
  return {
    minimumSeverity: level === undefined ? undefined : requireLevel(level),
    isStage: stage === undefined ? undefined : createStageTest(stage),
    trial: trial === undefined ? undefined : requireNumber(trial),
    pattern: grep === undefined ? undefined : requirePattern(grep),
    since: since === undefined ? undefined : requireTime(since),
  };
}

function requireLevel(text: string): number {
  const level = parseLevel(text);
  if (level !== undefined) return level;
  const suggestion = suggestName(text, LEVEL_WORDS);
  throw new UsageError(
    `no level '${escapeLine(text)}'${suggestion === undefined ? '' : `; did you mean '${suggestion}'?`}`,
    `levels are: ${LEVEL_WORDS.join(', ')}, or a number as Python has them`,
  );
}

function requireNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`--trial isn't a trial's number: ${escapeLine(text)}`);
  return Number(text);
}

function requirePattern(text: string): RegExp {
  try {
    return parsePattern(text);
  } catch (error) {
    throw new UsageError(
      `--grep isn't a regular expression: ${(error as Error).message}`,
      String.raw`a backslash takes a character as it is: \( \[ \.`,
    );
  }
}

function requireTime(text: string): [number, number] {
  const time = parseSince(text, now());
  if (time !== undefined) return time;
  throw new UsageError(
    `--since isn't a time: ${escapeLine(text)}`,
    'for example 10m, 2h, 06:30, 2026-11-23, 2026-11-23T06:30:00Z',
  );
}
