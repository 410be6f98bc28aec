import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describeRun } from '../capture/describe-run.ts';
import { findPackageRoot } from '../config/package-root.ts';
import { createRunId } from '../model/ids.ts';
import type { LoggingSettings } from '../model/run-info.ts';
import { createRunDir } from '../spool/layout.ts';
import { identifyProcess } from '../spool/process-identity.ts';
import { readRunInfo, writeRunInfo } from '../spool/run-file.ts';
import { toMlflowVariables } from './mlflow-context.ts';

export interface AdoptRequest {
  readonly pid: number;
  readonly command: readonly string[];
  readonly cwd: string;
  /** The process's environment: that of the run that it was started in. */
  readonly env: NodeJS.ProcessEnv;
  readonly environment: string | undefined;
  readonly logging: LoggingSettings;
  readonly tiesMlflow: boolean;
}

/**
 * Makes a process that was started in a run a run of its own, beside that run and linked to it, and has it written by a
 * process that goes on when this one is gone.
 * @returns the variables that the process has to have from now on; `undefined` where it is in no run.
 * @throws the file system's error when the run's directory can't be made.
 */
export function adoptProcess(request: AdoptRequest): Record<string, string> | undefined {
  const { env, pid, tiesMlflow } = request;
  const outerDir = env['STAGELIGHT_RUN_DIR'];
  const process_ = identifyProcess(pid);
  const root = findPackageRoot();
  if (!outerDir || process_ === undefined || root === undefined) return undefined;
  const outer = readRunInfo(outerDir);
  const runId = createRunId();
  const runDir = createRunDir(dirname(dirname(outerDir)), runId);
  const cwd = outer?.cwd ?? request.cwd;
  const described = describeRun({
    ...request,
    cwd,
    runId,
    runDir,
    name: outer?.pipeline,
    join: false,
  });
  writeRunInfo(runDir, { ...described, process: process_, hasPythonHook: true });
  const child = spawn(process.execPath, [join(root, 'dist', 'cli', 'bin.js'), 'record', runDir], {
    detached: true,
    stdio: 'ignore',
    cwd: runDir,
    env: { ...env, NODE_OPTIONS: '' },
  });
  child.on('error', () => {}); // the next command that reads the run writes it
  child.unref();
  return {
    TRACEPARENT: `00-${described.traceId}-${described.rootSpanId}-01`,
    STAGELIGHT_RUN_ID: runId,
    STAGELIGHT_RUN_DIR: runDir,
    ...(tiesMlflow && (toMlflowVariables({ env, runId }) as Record<string, string>)),
  };
}
