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
    const severity = fromLevelName(match[2]!);
    if (severity === undefined) return undefined;
    const source = match[3]!;
    const body = match[4]!;
    const run = RUN.exec(source);
    return {
      body,
      severityText: match[2]!,
      severity,
      stamp: match[1]!,
      block: tracebackMayFollow(severity),
      ...(run === null
        ? { logger: source }
        : run[1] === 'Task'
          ? readTask(body, run[2]!)
          : readFlow(body, run[2]!)),
    };
  },
};

type RunReading = Pick<Reading, 'logger' | 'attributes' | 'event' | 'repeats'>;

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

function readTask(body: string, task: string): RunReading {
  const result = readResult(body);
  return {
    logger: 'prefect.task_runs',
    attributes: { [ATTR.prefectTaskRunName]: task },
    event: result === undefined ? { type: 'task', task } : { type: 'task-end', task, result },
    repeats: result === undefined ? { source: `Task ${task}` } : undefined,
  };
}

function readFlow(body: string, run: string): RunReading {
  const event = toFlowEvent(body, run);
  return {
    logger: 'prefect.flow_runs',
    attributes: { [ATTR.prefectFlowRunName]: run },
    event,
    repeats: event.type === 'flow' ? { source: `Flow ${run}` } : undefined,
  };
}

function toFlowEvent(body: string, run: string): ConsoleEvent {
  const beginning = BEGINNING.exec(body);
  if (beginning !== null) return { type: 'flow-start', run: beginning[1]!, flow: beginning[2]! };
  const result = readResult(body);
  return result === undefined ? { type: 'flow', run } : { type: 'flow-end', run, result };
}

function readResult(body: string): Result | undefined {
  const state = FINISHED.exec(body)?.[1];
  return state === undefined ? undefined : (RESULTS[state] ?? 'success');
}
