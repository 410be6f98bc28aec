import { ATTR } from '../model/attributes.ts';
import type { Result } from '../model/pipeline.ts';
import { fromLevelName } from '../model/severity.ts';
import type { ConsoleEvent, FlowRunEnd, Grammar, Reading } from './grammar.ts';
import { readPythonString } from './python-literal.ts';
import type { Literal } from './python-literal.ts';
import { createRecordBlock } from './traceback-after.ts';

/**
 * Prefect's console lines, `01:38:22.547 | INFO    | Task run 'load-6f0' - message`, on stderr. A task that logs what a
 * subprocess prints puts this before every line of DVC, Hydra or Optuna, so messages of task and flow runs are read
 * again. Checked on Prefect 3.8.8.
 */
export const prefect: Grammar = {
  name: 'prefect',
  starts: '0123456789',
  isRelay: true,
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const severity = fromLevelName(match[2]!);
    if (severity === undefined) return undefined;
    const text = match[3]!;
    const run = readRun(text);
    if (run === undefined) return readOther(match, severity);
    const body = text.slice(run.end);
    const told = tellOfRun(run, body);
    // All fields in one literal: the lines of a flow come in their thousands.
    return {
      body,
      severityText: match[2]!,
      severity,
      stamp: match[1]!,
      logger: told.logger,
      attributes: told.attributes,
      event: told.event,
      repeats: told.repeats,
      block: createRecordBlock({ severity, logger: told.logger, body }),
    };
  },
};

/** The task or flow run that a line is of, and where its message begins. */
interface Run {
  readonly isTask: boolean;
  readonly name: string;
  readonly end: number;
}

type Told = Pick<Reading, 'logger' | 'attributes' | 'event' | 'repeats'>;

const LINE = /^(\d\d:\d\d:\d\d\.\d{3}) \| ([A-Z]{3,10}|Level \d{1,4}) {0,7} \| (.*)$/s;
const LOGGER = /^(\S{1,300}) - (.*)$/s;
const FINISHED = /^Finished in state (\w{1,40})\(/;
const RAISED = / run encountered an exception:? ([A-Za-z_][\w.]{0,200})(?:: (.*))?$/s;
const STATE_TYPE = /type=([A-Z]{1,20})\)$/;
const FOR_FLOW = ' for flow ';

const RESULTS: Readonly<Record<string, Result>> = {
  Completed: 'success',
  COMPLETED: 'success',
  Cached: 'skip',
  Failed: 'failure',
  FAILED: 'failure',
  TimedOut: 'failure',
  Crashed: 'error',
  CRASHED: 'error',
  Cancelled: 'cancellation',
  CANCELLED: 'cancellation',
};

/** A line of any other logger: `WARNING | userlib - message`. */
function readOther(match: RegExpExecArray, severity: number): Reading | undefined {
  const other = LOGGER.exec(match[3]!);
  if (other === null) return undefined;
  const logger = other[1]!;
  const body = other[2]!;
  return {
    body,
    severityText: match[2]!,
    severity,
    stamp: match[1]!,
    logger,
    block: createRecordBlock({ severity, logger, body }),
  };
}

/** `Task run 'load-6f0' - message`: names are quoted as Python's `repr` does, and can have anything in them. */
function readRun(text: string): Run | undefined {
  const isTask = text.startsWith('Task run ');
  if (!isTask && !text.startsWith('Flow run ')) return undefined;
  const name = readSimpleName(text) ?? readPythonString(text, NAME_START);
  if (name === undefined || !text.startsWith(' - ', name.end)) return undefined;
  return { isTask, name: name.value, end: name.end + 3 };
}

const NAME_START = 'Task run '.length;

/** Nearly all names need no quoting. */
function readSimpleName(text: string): Literal<string> | undefined {
  const end = text.indexOf("'", NAME_START + 1);
  if (end < 0 || text[NAME_START] !== "'") return undefined;
  const value = text.slice(NAME_START + 1, end);
  return value.includes('\\') ? undefined : { value, end: end + 1 };
}

const RELAYS: ReadonlySet<string> = new Set(['prefect.task_runs', 'prefect.flow_runs']);

/** Whether a logger's messages may be what a subprocess printed; the line doesn't name the run where the format isn't Prefect's. */
export function toRelay(logger: string | undefined): { readonly source: string } | undefined {
  return logger !== undefined && RELAYS.has(logger) ? { source: logger } : undefined;
}

/** What the fields of a record say that Prefect wrote as JSON: there the run's name isn't in the message. */
export function toToldByRun(
  { task_run_name: task, flow_run_name: flow }: Readonly<Record<string, unknown>>,
  body: string,
): Told | undefined {
  const name = task ?? flow;
  if (typeof name !== 'string') return undefined;
  return tellOfRun({ isTask: typeof task === 'string', name }, body);
}

function tellOfRun({ isTask, name }: Pick<Run, 'isTask' | 'name'>, body: string): Told {
  return isTask ? tellOfTask(body, name) : tellOfFlow(body, name);
}

function tellOfTask(body: string, task: string): Told {
  const end = readEnd(body);
  return {
    logger: 'prefect.task_runs',
    attributes: { [ATTR.prefectTaskRunName]: task },
    event: end === undefined ? { type: 'task', task } : { type: 'task-end', task, ...end },
    repeats: end === undefined ? { source: `Task ${task}` } : undefined,
  };
}

function tellOfFlow(body: string, run: string): Told {
  const event = toFlowEvent(body, run);
  return {
    logger: 'prefect.flow_runs',
    attributes: { [ATTR.prefectFlowRunName]: run },
    event,
    repeats: event.type === 'flow' ? { source: `Flow ${run}` } : undefined,
  };
}

function toFlowEvent(body: string, run: string): ConsoleEvent {
  const flow = readBeginning(body);
  if (flow !== undefined) return { type: 'flow-start', run, flow };
  const end = readEnd(body);
  return end === undefined ? { type: 'flow', run } : { type: 'flow-end', run, ...end };
}

/** `Beginning flow run 'x' for flow 'pipeline'` (`subflow run` inside another flow): the flow's name. */
function readBeginning(body: string): string | undefined {
  if (!body.startsWith('Beginning ')) return undefined;
  const run = readPythonString(body, body.indexOf(' run ') + 5);
  if (run === undefined || !body.startsWith(FOR_FLOW, run.end)) return undefined;
  return readPythonString(body, run.end + FOR_FLOW.length)?.value;
}

/** A state's name can be the user's own; its type then stands behind it. */
function readEnd(body: string): FlowRunEnd | undefined {
  if (!body.startsWith('Finished ')) return undefined;
  const finished = FINISHED.exec(body);
  if (finished === null) return undefined;
  const state = finished[1]!;
  const result = RESULTS[state] ?? RESULTS[STATE_TYPE.exec(body)?.[1] ?? ''] ?? 'success';
  if (result !== 'failure' && result !== 'error') return { result };
  const message = readPythonString(body, finished[0].length)?.value;
  return message === undefined ? { result } : { result, ...readError(message) };
}

/** `Task run encountered an exception ValueError: three`, of a flow run with a colon before the type. */
function readError(message: string): Pick<FlowRunEnd, 'errorType' | 'errorMessage'> {
  const raised = RAISED.exec(message);
  if (raised === null) return { errorMessage: message };
  return { errorType: raised[1]!, ...(raised[2] !== undefined && { errorMessage: raised[2] }) };
}
