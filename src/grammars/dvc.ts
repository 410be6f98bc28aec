import { fromLevelName } from '../model/severity.ts';
import type { ConsoleEvent, Grammar, Reading } from './grammar.ts';

/**
 * DVC's lines around stages, as `dvc repro` and `dvc exp run` print them (format strings read in DVC 3.67.1:
 * stage/run.py, stage/__init__.py, stage/cache.py, repo/reproduce.py, dvcfile.py). INFO lines come bare on stdout,
 * WARNING and ERROR with their level on stderr, and with `-v` all levels but INFO with a time before them.
 */
export const dvc: Grammar = {
  name: 'dvc',
  starts: "RS'>GUVEWDT2f",
  read(line) {
    const first = line.charCodeAt(0);
    if (first === GREATER) return readCommand(line);
    const leveled = LEVELED.exec(line);
    return leveled === null ? readBare(line) : readLeveled(leveled);
  },
  findGlued,
};

const GREATER = 0x3e;
const LEVELED = /^(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) )?(DEBUG|TRACE|WARNING|ERROR): (.*)$/s;

// Stage names can hold anything but these; addresses add a path and `@key`.
const RUNNING = /^Running stage '(.{1,1000})':$/;
const UNCHANGED = /^Stage '(.{1,1000})' didn't change, skipping$/;
const SOURCE_UNCHANGED = /^'(.{1,1000}\.dvc)' didn't change, skipping$/;
const RESTORED = /^Stage '(.{1,1000})' is cached - skipping run, checking out outputs$/;
const VERIFYING = /^Verifying outputs in frozen stage: '(.{1,1000})'$/;
const LOCK_FILE =
  /^(?:Generating|Updating) lock file '.{1,1000}dvc\.lock'$|^(?:Generating|Updating) lock file 'dvc\.lock'$/;
const EXPERIMENT = /^Reproducing experiment '(.{1,400})'$/;

function readCommand(line: string): Reading | undefined {
  if (!line.startsWith('> ') || line.length < 3) return undefined;
  return { body: line, event: { type: 'stage-command', command: line.slice(2) } };
}

function readBare(line: string): Reading | undefined {
  const event = toBareEvent(line);
  if (event !== undefined) return { body: line, event };
  return UP_TO_DATE.has(line) ? { body: line } : undefined;
}

const UP_TO_DATE = new Set([
  'Data and pipelines are up to date.',
  'Use `dvc push` to send your updates to remote storage.',
  'To track the changes with git, run:',
  'To enable auto staging, run:',
]);

function toBareEvent(line: string): ConsoleEvent | undefined {
  let match;
  if ((match = RUNNING.exec(line))) return { type: 'stage-start', stage: match[1]! };
  if ((match = UNCHANGED.exec(line))) {
    return { type: 'stage-skip', stage: match[1]!, outcome: 'unchanged', reason: "didn't change" };
  }
  if ((match = SOURCE_UNCHANGED.exec(line))) {
    return {
      type: 'stage-skip',
      stage: match[1]!,
      outcome: 'data_source',
      reason: "didn't change",
    };
  }
  if ((match = RESTORED.exec(line))) {
    return {
      type: 'stage-skip',
      stage: match[1]!,
      outcome: 'run_cache',
      reason: 'restored from the run cache',
    };
  }
  if ((match = VERIFYING.exec(line))) return { type: 'stage-frozen', stage: match[1]! };
  if (LOCK_FILE.test(line)) return { type: 'stage-lock' };
  if ((match = EXPERIMENT.exec(line))) return { type: 'experiment', name: match[1]! };
  return undefined;
}

const FROZEN =
  /^stage: '(.{1,1000})' is frozen\. Its dependencies are not going to be reproduced\.$/;
const RUN_FAILED = /^failed to run: .*, exited with (-?\d{1,10})$/s;
const REPRODUCE_FAILED = /^failed to reproduce (['"])(.{1,1000}?)\1(?:: (.*))?$/s;
const EXIT_CODE = /exited with (-?\d{1,10})$/;
const BLOCKED = /^Stages? (.{1,20000}) will be skipped due to this failure$/;

function readLeveled(match: RegExpExecArray): Reading | undefined {
  const [, stamp, severityText, body] = match as unknown as [
    string,
    string | undefined,
    string,
    string,
  ];
  const severity = fromLevelName(severityText)!;
  const event =
    severityText === 'WARNING' || severityText === 'ERROR' ? toFailureEvent(body) : undefined;
  // `LEVEL: text` alone is also a common format of Python's logging: only what DVC says is DVC's.
  if (event === undefined && stamp === undefined && !IS_DVC_TEXT.test(body)) return undefined;
  return { body, severity, severityText, ...(stamp && { stamp }), ...(event && { event }) };
}

const IS_DVC_TEXT =
  /^failed to (?:reproduce|run|pull|push)|\bdvc\b|\bdvc\.(?:yaml|lock)\b|will be skipped due to/;

function toFailureEvent(body: string): ConsoleEvent | undefined {
  let match;
  if ((match = FROZEN.exec(body))) return { type: 'stage-frozen', stage: match[1]! };
  if ((match = RUN_FAILED.exec(body))) {
    return { type: 'stage-end', result: 'failure', exitCode: Number(match[1]) };
  }
  if ((match = REPRODUCE_FAILED.exec(body))) {
    const exit = EXIT_CODE.exec(match[3] ?? '');
    return {
      type: 'stage-end',
      stage: match[2]!,
      result: 'failure',
      ...(exit && { exitCode: Number(exit[1]) }),
    };
  }
  if ((match = BLOCKED.exec(body))) {
    return { type: 'stages-blocked', stages: readNames(match[1]!) };
  }
  return undefined;
}

/** `'a', 'b' and 'c'`, each as Python's `repr` quotes it. */
function readNames(text: string): string[] {
  return [...text.matchAll(/'((?:[^'\\]|\\.){1,1000})'|"((?:[^"\\]|\\.){1,1000})"/g)].map(
    (match) => match[1] ?? match[2]!,
  );
}

/** What can stand behind a child's unfinished line: how it starts, by how it ends. Each ends the line, so that a mention inside a sentence is none. */
const GLUED: readonly (readonly [end: string, starts: readonly string[]])[] = [
  ["':", ["Running stage '"]],
  ["dvc.lock'", ["Updating lock file '", "Generating lock file '"]],
  [" didn't change, skipping", ["Stage '"]],
  [' checking out outputs', ["Stage '"]],
];
const EXITED = /exited with -?\d{1,10}$/;
const FAILURES = ['ERROR: failed to reproduce ', 'WARNING: failed to run: '];

function findGlued(line: string): number | undefined {
  const glued = GLUED.find(([end]) => line.endsWith(end));
  if (glued !== undefined) return findStart(line, glued[1]);
  const last = line.charCodeAt(line.length - 1);
  const endsInDigit = last >= 0x30 && last <= 0x39;
  return endsInDigit && EXITED.test(line) ? findStart(line, FAILURES) : undefined;
}

function findStart(line: string, starts: readonly string[]): number | undefined {
  for (const start of starts) {
    const index = line.lastIndexOf(start);
    if (index > 0 && dvc.read(line.slice(index))?.event !== undefined) return index;
  }
  return undefined;
}
