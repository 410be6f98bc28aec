import { fromLevelName } from '../model/severity.ts';
import { CommandBlock, EXITED, FollowingLines, readFailure } from './dvc-failure.ts';
import type { FailureReading } from './dvc-failure.ts';
import type { ConsoleEvent, Grammar, Reading } from './grammar.ts';
import { TracebackAfterBlock } from './traceback-after.ts';

/**
 * DVC's lines around stages, as `dvc repro` and `dvc exp run` print them (format strings read in DVC 3.67.1:
 * stage/run.py, stage/__init__.py, stage/cache.py, stage/imports.py, repo/reproduce.py, dvcfile.py). INFO lines come bare
 * on stdout, WARNING and ERROR with their level on stderr, and with `-v` all levels but INFO with a time before them.
 */
export const dvc: Grammar = {
  name: 'dvc',
  starts: "RS'>GUVPIEWDT2",
  read(line) {
    if (line.charCodeAt(0) === GREATER) return readCommand(line);
    const leveled = LEVELED.exec(line);
    return leveled === null ? readBare(line) : readLeveled(leveled);
  },
  findGlued,
  loggers: 'dvc.',
  toEvent: (body) => toBareEvent(body) ?? readFailure('ERROR', body)?.event,
};

const GREATER = 0x3e;
const LEVELED = /^(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) )?(DEBUG|TRACE|WARNING|ERROR): (.*)$/s;

function readCommand(line: string): Reading | undefined {
  if (!line.startsWith('> ') || line.length < 3) return undefined;
  return { body: line, event: { type: 'stage-command', command: line.slice(2) } };
}

function readBare(line: string): Reading | undefined {
  const event = toBareEvent(line);
  if (event === undefined) return UNABLE.test(line) ? { body: line } : undefined;
  const block = event.type === 'stage-idle' ? NEXT_STEPS.get(line) : undefined;
  return { body: line, event, ...(block && { block: () => new FollowingLines(line, block) }) };
}

const UNABLE = /^Unable to pull data for stage: '/;
const EXPERIMENT = /^Reproducing experiment '(.{1,400})'$/;
const LOCK_FILE = /^(?:Generating|Updating) lock file '(?:.{0,1000}\/)?dvc\.lock'$/;

/** How a line begins, how it ends, and what it says of the stage between: names can hold anything, quotes too. */
const STAGE_LINES: readonly (readonly [
  start: string,
  end: string,
  toEvent: (stage: string) => ConsoleEvent,
])[] = [
  ["Running stage '", "':", (stage) => ({ type: 'stage-start', stage })],
  ["Stage '", "' didn't change, skipping", (stage) => toSkip(stage, 'unchanged')],
  [
    "Stage '",
    "' is cached - skipping run, checking out outputs",
    (stage) => toSkip(stage, 'run_cache'),
  ],
  ["'", ".dvc' didn't change, skipping", (stage) => toSkip(`${stage}.dvc`, 'data_source')],
  [
    "Verifying outputs in frozen stage: '",
    "'",
    (stage) => ({ type: 'stage-check', stage, outcome: 'frozen', reason: 'frozen' }),
  ],
  [
    "Verifying data sources in stage: '",
    "'",
    (stage) => ({ type: 'stage-check', stage, outcome: 'data_source', reason: 'verified' }),
  ],
  [
    "Pulling data for stage: '",
    "'",
    (stage) => ({
      type: 'stage-check',
      stage,
      outcome: 'unchanged',
      reason: 'its data was pulled',
    }),
  ],
  ["Importing '", "'", toImport],
];

const REASONS = {
  unchanged: "didn't change",
  data_source: "didn't change",
  run_cache: 'restored from the run cache',
} as const;

function toSkip(stage: string, outcome: keyof typeof REASONS): ConsoleEvent {
  return { type: 'stage-skip', stage, outcome, reason: REASONS[outcome] };
}

/** `Importing 'src.csv (../other)' -> 'data.csv'`: the stage of an import is the `.dvc` file beside what it imports. */
function toImport(between: string): ConsoleEvent {
  const target = between.slice(between.lastIndexOf("' -> '") + 6);
  return { type: 'stage-start', stage: `${target}.dvc` };
}

const MAX_NAME = 1000;

function toBareEvent(line: string): ConsoleEvent | undefined {
  for (const [start, end, toEvent] of STAGE_LINES) {
    if (!line.startsWith(start) || !line.endsWith(end)) continue;
    const between = line.slice(start.length, -end.length);
    // Two DVCs that write at once put one's line behind the other's, and both newlines after.
    if (between.includes(end + start)) continue;
    if (between.length > 0 && between.length <= MAX_NAME) return toEvent(between);
  }
  if (LOCK_FILE.test(line)) return { type: 'stage-lock' };
  const experiment = EXPERIMENT.exec(line);
  if (experiment !== null) return { type: 'experiment', name: experiment[1]! };
  return IDLE.has(line) ? { type: 'stage-idle' } : undefined;
}

const GIT_ADD = /^\tgit add /;
const NEXT_STEPS = new Map([
  ['To track the changes with git, run:', GIT_ADD],
  ['To enable auto staging, run:', /^\tdvc config core\.autostage true$/],
  ['To apply the results of an experiment to your workspace run:', /^\tdvc exp apply /],
]);
const IDLE = new Set([
  ...NEXT_STEPS.keys(),
  'Data and pipelines are up to date.',
  'Use `dvc push` to send your updates to remote storage.',
  'Experiment results have been applied to your workspace.',
]);

function readLeveled(match: RegExpExecArray): Reading | undefined {
  const [, stamp, severityText, body] = match as unknown as [
    string,
    string | undefined,
    string,
    string,
  ];
  const failure = readFailure(severityText, body);
  // `LEVEL: text` alone is also a common format of Python's logging: only what DVC says is DVC's.
  if (failure === undefined && stamp === undefined && !IS_DVC_TEXT.test(body)) return undefined;
  return {
    body,
    severity: fromLevelName(severityText)!,
    severityText,
    ...(stamp !== undefined && { stamp }),
    ...(failure?.event && { event: failure.event }),
    block: toBlock(severityText, body, failure),
  };
}

const IS_DVC_TEXT =
  /^failed to (?:reproduce|run|pull|push)|\bdvc\b|\bdvc\.(?:yaml|lock)\b|will be skipped due to|\bMissing cache files:$/;

function toBlock(
  level: string,
  body: string,
  failure: FailureReading | undefined,
): Reading['block'] | undefined {
  // A command of several lines is repeated as it is: what it exited with comes last.
  if (RUN_OF.test(body) && !EXITED.test(body)) return () => new CommandBlock(body, failure?.event);
  const following = failure?.following;
  if (following !== undefined) return () => new FollowingLines(body, following);
  return level === 'ERROR' || level === 'WARNING' ? () => new TracebackAfterBlock(body) : undefined;
}

const RUN_OF = /^failed to (?:run: |reproduce .{1,1000}?: failed to run: )/s;

/**
 * What can stand behind a child's unfinished line: how it ends, by how it starts. Each ends the line, so that a mention
 * inside a sentence is none. By the last character, since every line of plain text is asked.
 */
const GLUED: Readonly<
  Record<string, readonly (readonly [end: string, starts: readonly string[]])[]>
> = {
  ':': [["':", ["Running stage '"]]],
  "'": [["dvc.lock'", ["Updating lock file '", "Generating lock file '"]]],
  g: [[" didn't change, skipping", ["Stage '"]]],
  s: [[' checking out outputs', ["Stage '"]]],
  e: [[' due to this failure', ['WARNING: Stage']]],
  '.': [['to be reproduced.', ["WARNING: stage: '"]]],
  t: [["' does not exist", ['ERROR: failed to reproduce ', "WARNING: output '"]]],
};
const EXITED_FAILURES = ['ERROR: failed to reproduce ', 'WARNING: failed to run: '];

function findGlued(line: string): number | undefined {
  const last = line.at(-1) ?? '';
  const known = GLUED[last]?.find(([end]) => line.endsWith(end));
  if (known !== undefined) return findStart(line, known[1]);
  const canBeExit = last === ')' || (last >= '0' && last <= '9');
  return canBeExit && line.includes(', exited with ') && EXITED.test(line)
    ? findStart(line, EXITED_FAILURES)
    : undefined;
}

function findStart(line: string, starts: readonly string[]): number | undefined {
  for (const start of starts) {
    const index = line.lastIndexOf(start);
    if (index > 0 && dvc.read(line.slice(index))?.event !== undefined) return index;
  }
  return undefined;
}
