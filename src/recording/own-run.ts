import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleRecorder } from '../capture/console-recorder.ts';
import { describePlace, describeRun } from '../capture/describe-run.ts';
import { createRunId, toStageSpanId } from '../model/ids.ts';
import type { RunId } from '../model/ids.ts';
import type { LoggingSettings, RunInfo } from '../model/run-info.ts';
import { CONSOLE_EXTENSION } from '../spool/console-inbox.ts';
import { now } from '../model/time.ts';
import { FILE, createRunDir, findHome } from '../spool/layout.ts';
import { toSourceName } from '../spool/process-identity.ts';
import { writeRunInfo } from '../spool/run-file.ts';
import { Merging } from './merging.ts';
import type { MlflowConfig } from '../sink/mlflow/settings.ts';
import { claimInMlflow } from './mlflow-claim.ts';
import { findAttempt } from './prior-attempt.ts';
import type { PythonHook } from './python-hook.ts';
import type { Recording, Tell } from './recording.ts';
import { Shipping } from './shipping.ts';
import type { SendingOptions } from './shipping.ts';
import { toSpanEnd } from './span-end.ts';

export interface OwnRunOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The pipeline's name; derived when left out. */
  readonly name: string | undefined;
  readonly environment: string | undefined;
  readonly runId: RunId | undefined;
  readonly join: boolean;
  readonly logging: LoggingSettings;
  readonly pythonHook?: PythonHook;
  readonly mlflow: MlflowConfig;
  /** The one stage that the command is; absent when it is a whole pipeline. */
  readonly stage?: string;
  /** Where the run is sent; absent when nowhere. */
  readonly sending?: SendingOptions | undefined;
}

/**
 * Begins a run of its own.
 * @throws the file system's error when its directory can't be made; `EEXIST` when the run exists.
 */
export async function openOwnRun(options: OwnRunOptions, tell: Tell): Promise<Recording> {
  const home = findHome(options.cwd, options.env);
  const place = describePlace(options);
  const startedAt = now();
  const ownRunId = options.runId ?? createRunId();
  const mlflow = await claimInMlflow({ ...options, home, ownRunId, startedAt, place, tell });
  const runId = options.runId ?? mlflow?.runId ?? ownRunId;
  const runDir = createRunDir(home, runId);
  try {
    const described = describeRun({ ...options, runId, runDir, startedAt, mlflow }, place);
    const hook = options.pythonHook?.isOn === true ? { hasPythonHook: true } : {};
    const info = { ...described, ...hook, ...findAttempt(home, options.env) };
    return recordInto(runDir, { ...options, info, mlflow, home, tell });
  } catch (error) {
    rmSync(runDir, { recursive: true, force: true });
    throw error;
  }
}

function recordInto(
  runDir: string,
  options: Omit<OwnRunOptions, 'mlflow'> & {
    info: RunInfo;
    mlflow: Recording['tie']['mlflow'];
    home: string;
    tell: Tell;
  },
): Recording {
  const { env, stage, info, mlflow, home, tell } = options;
  const { runId } = info;
  writeRunInfo(runDir, info);
  const spanId = stage === undefined ? info.rootSpanId : toStageSpanId(runId, stage, 1);
  const source = toSourceName();
  const path = join(runDir, FILE.inbox, `${source}${CONSOLE_EXTENSION}`);
  const console = new ConsoleRecorder({ path, tell });
  const time = info.startedAt;
  if (stage !== undefined) {
    console.entry({ type: 'span-start', kind: 'stage', time, span: spanId, name: stage });
  }
  console.entry({
    type: 'console-open',
    time,
    span: spanId,
    depth: 0,
    ...(stage !== undefined && { stage }),
  });
  let merging: Merging | undefined;
  const shipping = new Shipping({ home, runDir, info, env, sending: options.sending, tell });
  return {
    tie: { runId, runDir, traceId: info.traceId, spanId, source, depth: 0, stage, mlflow },
    console,
    start: () => {
      merging ??= new Merging({ runDir, info, env, tell });
      shipping.start();
    },
    finish: async (exit): Promise<RunInfo | undefined> => {
      if (stage !== undefined) console.entry(toSpanEnd(spanId, exit));
      console.close();
      return await merging?.finish(console.size);
    },
    send: async () => shipping.finish(),
  };
}
