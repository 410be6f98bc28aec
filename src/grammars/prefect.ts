import { ATTR } from '../model/attributes.ts';
import type { Result } from '../model/pipeline.ts';
import { fromLevelName } from '../model/severity.ts';
import { tracebackMayFollow } from './traceback.ts';
import type { ConsoleEvent, Grammar, Reading } from './grammar.ts';

/**
 * Prefect's console lines, `01:38:22.547 | INFO    | Task run 'load-6f0' - message`, on stderr. A task that logs what a
 * subprocess prints puts this before every line of DVC, Hydra or Optuna, so messages of task and flow runs are read
 * again. Checked on Prefect 3.8.8.
 */
export const prefect: Grammar = {
  name: 'prefect',
  starts: '0123456789',
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, stamp, severityText, source, body] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    const severity = fromLevelName(severityText);
    if (severity === undefined) return undefined;
    const run = RUN.exec(source);
    const leveled = { body, stamp, severityText, severity, ...tracebackMayFollow(severity) };
    return run === null
      ? { ...leveled, logger: source }
      : readRunLine(leveled, { kind: run[1] as RunKindName, name: run[2]! });
  },
};

type RunKindName = 'Flow' | 'Task';

const LINE = /^(\d\d:\d\d:\d\d\.\d{3}) \| ([A-Z]{3,10}) {0,7} \| (.{1,300}?) - (.*)$/s;
const RUN = /^(Flow|Task) run '([^']{1,250})'$/;
const BEGINNING = /^Beginning (?:sub)?flow run '([^']{1,250})' for flow '([^']{1,250})'$/;
const FINISHED = /^Finished in state (\w{1,40})\(/;

const RESULTS: Readonly<Record<string, Result>> = {
  Completed: 'success',
  Cached: 'skip',
  Failed: 'failure',
  Crashed: 'error',
  TimedOut: 'failure',
  Cancelled: 'cancellation',
};

function readRunLine(reading: Reading, run: { kind: RunKindName; name: string }): Reading {
  const isTask = run.kind === 'Task';
  const attributes = { [isTask ? ATTR.prefectTaskRunName : ATTR.prefectFlowRunName]: run.name };
  const own = toOwnEvent(reading.body, run);
  const logger = isTask ? 'prefect.task_runs' : 'prefect.flow_runs';
  const event = own ?? toMention(run);
  return {
    ...reading,
    logger,
    attributes,
    event,
    ...(own === undefined && { repeats: { source: `${run.kind} ${run.name}` } }),
  };
}

function toMention(run: { kind: RunKindName; name: string }): ConsoleEvent {
  return run.kind === 'Task' ? { type: 'task', task: run.name } : { type: 'flow', run: run.name };
}

function toOwnEvent(
  body: string,
  run: { kind: RunKindName; name: string },
): ConsoleEvent | undefined {
  const beginning = BEGINNING.exec(body);
  if (beginning !== null) return { type: 'flow-start', run: beginning[1]!, flow: beginning[2]! };
  const finished = FINISHED.exec(body);
  if (finished === null) return undefined;
  const result = RESULTS[finished[1]!] ?? 'success';
  return run.kind === 'Task'
    ? { type: 'task-end', task: run.name, result }
    : { type: 'flow-end', run: run.name, result };
}
