import type { RunId } from '../model/ids.ts';
import type { RunInfo } from '../model/run-info.ts';
import { listRuns } from '../spool/run-file.ts';

/** How a run stands to those before it that are attempts at the same. */
export type Attempt = Pick<RunInfo, 'flowRunId' | 'attempt' | 'priorId'> & {
  readonly priorTraceId?: RunId;
};

/**
 * What Prefect says of the flow run that this process is started for: Retry starts another process with the same flow run.
 * That is a run of its own here, the next attempt, with a link to the one before.
 */
export function findAttempt(home: string, env: NodeJS.ProcessEnv): Attempt {
  const flowRunId = env['PREFECT__FLOW_RUN_ID'];
  if (!flowRunId) return {};
  const prior = listRuns(home).find(({ info }) => info.flowRunId === flowRunId)?.info;
  if (prior === undefined) return { flowRunId };
  return {
    flowRunId,
    attempt: (prior.attempt ?? 1) + 1,
    priorId: prior.runId,
    priorTraceId: prior.traceId,
  };
}
