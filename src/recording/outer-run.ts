import { parseTraceparent } from '../capture/describe-run.ts';
import type { SpanId } from '../model/ids.ts';
import type { RunInfo } from '../model/run-info.ts';
import { isRunning, readRunInfo } from '../spool/run-file.ts';

/** The run that this process is a part of. */
export interface OuterRun {
  readonly runDir: string;
  readonly info: RunInfo;
  /** The span in it that this process was started in. */
  readonly startedIn: SpanId;
  /** The run's console that this process prints to. */
  readonly console: string | undefined;
  /** How many of the run's consoles are around this process. */
  readonly depth: number;
}

/** The live run that the environment names, if it names one: a run that has ended takes nothing in any more. */
export function findOuterRun(env: NodeJS.ProcessEnv): OuterRun | undefined {
  const runDir = env['STAGELIGHT_RUN_DIR'];
  if (!runDir) return undefined;
  const info = readRunInfo(runDir);
  if (info === undefined || !isRunning(runDir, info)) return undefined;
  const parent = parseTraceparent(env['TRACEPARENT']);
  const startedIn = parent?.traceId === info.traceId ? parent.spanId : info.rootSpanId;
  const depth = Number(env['STAGELIGHT_DEPTH'] ?? 0) + 1;
  const console = env['STAGELIGHT_CONSOLE'] || undefined;
  return { runDir, info, startedIn, console, depth: Number.isSafeInteger(depth) ? depth : 1 };
}
