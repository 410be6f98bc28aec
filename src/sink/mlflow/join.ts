import type { AttributeValue } from '../../model/pipeline.ts';
import { toUnixMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { MlflowRun } from './api.ts';
import { TAG } from './names.ts';
import { toTrialParams } from './trial.ts';

/** Clocks of one machine, read by two programs, and MLflow's whole milliseconds. */
const SLACK_MS = 100;

export type JoinResult =
  | { readonly type: 'joined'; readonly run: MlflowRun }
  /** The user's code made no run for it. */
  | { readonly type: 'none' }
  | { readonly type: 'ambiguous'; readonly runs: readonly MlflowRun[] };

/**
 * The run that the user's own code made for a trial: of the same stage, inside the trial's time, with all parameters
 * equal. Of several such runs that lie in each other the outermost is it; otherwise nobody can say.
 */
export function joinTrial(
  trial: StoredSpan,
  place: { readonly stage: string | undefined; readonly users: readonly MlflowRun[] },
): JoinResult {
  const params = Object.entries(toTrialParams(trial));
  const fitting = place.users.filter(
    (run) =>
      isOfStage(run, place.stage) &&
      isInside(run, trial) &&
      params.every(([name, value]) => isSameParam(value, run.params[name])),
  );
  const ids = new Set(fitting.map(({ runId }) => runId));
  const outermost = fitting.filter(({ tags }) => !ids.has(tags[TAG.parentRunId] ?? ''));
  const [run] = outermost;
  if (run === undefined) return { type: 'none' };
  return outermost.length === 1 ? { type: 'joined', run } : { type: 'ambiguous', runs: outermost };
}

/** Runs say their stage where the shell shim was around them. */
function isOfStage(run: MlflowRun, stage: string | undefined): boolean {
  const told = run.tags[TAG.stage];
  return told === undefined || stage === undefined || told === stage;
}

function isInside(run: MlflowRun, trial: StoredSpan): boolean {
  const startMs = toUnixMs(trial.start);
  const endMs = toUnixMs(trial.end);
  return (
    run.startMs >= Math.floor(startMs) - SLACK_MS &&
    run.startMs <= endMs &&
    (run.endMs ?? run.startMs) <= endMs + SLACK_MS
  );
}

/** Numbers are compared as numbers: Python writes `1e-05` where JavaScript writes `0.00001`. */
function isSameParam(value: AttributeValue, param: string | undefined): boolean {
  if (param === undefined) return false;
  if (typeof value === 'number') return param.trim() !== '' && Object.is(Number(param), value);
  if (typeof value === 'boolean') return param === (value ? 'True' : 'False');
  return param === String(value);
}
