import type { LoggingSettings } from '../model/run-info.ts';
import { openInnerSpan } from '../recording/inner-span.ts';
import { findOuterRun } from '../recording/outer-run.ts';
import { openOwnRun } from '../recording/own-run.ts';
import type { SendingOptions } from '../recording/shipping.ts';
import { withOtlpReceiver } from '../recording/otlp-receiver.ts';
import { recordCommand } from '../recording/record-command.ts';
import type { PythonHook } from '../recording/python-hook.ts';
import type { Recording, Tell } from '../recording/recording.ts';
import type { MlflowConfig } from '../sink/mlflow/settings.ts';
import { tellOnce } from '../recording/tell-once.ts';
import { findHome, toRunDir } from '../spool/layout.ts';
import { UsageError } from './command.ts';
import type { CommandIo, ExitStatus } from './command.ts';
import { warnOfMlflow } from './otlp-warning.ts';
import { explainReport } from './sending.ts';
import { summarizeRun } from './summary-line.ts';
import { adviseOnWorker } from './worker-advice.ts';

export interface RecordRunOptions {
  readonly command: readonly [string, ...string[]];
  readonly name: string | undefined;
  readonly environment: string | undefined;
  readonly runId: string | undefined;
  readonly join: boolean;
  readonly usePty: boolean;
  readonly isLive: boolean;
  readonly pythonHook: PythonHook;
  readonly dvcShell: boolean;
  readonly isQuiet: boolean;
  /** Take in what the command sends over OTLP. */
  readonly takesOtlp: boolean;
  readonly logging: LoggingSettings;
  readonly mlflow: MlflowConfig;
  /** The one stage that the command is; absent when it is a whole pipeline. */
  readonly stage?: string;
  /** Where the run is sent; absent when nowhere. */
  readonly sending?: SendingOptions | undefined;
  readonly io: CommandIo;
}

/**
 * Runs a command and records it, inside a live run as a span of that run, else as a run of its own. Gives how the
 * command ended.
 */
export async function recordRun(options: RecordRunOptions): Promise<ExitStatus> {
  const { io, command, usePty, isLive, isQuiet, pythonHook, dvcShell } = options;
  const tell = tellOnce((message) => void io.stderr.write(`stagelight: ${message}\n`));
  const advice = adviseOnWorker(command);
  if (advice !== undefined) tell(advice);
  const opened = await openRecording(options, tell);
  const recording =
    options.takesOtlp && opened !== undefined ? await withOtlpReceiver(opened, tell) : opened;
  const { end, run, reports } = await recordCommand(
    {
      command,
      env: io.env,
      usePty,
      isLive,
      pythonHook,
      dvcShell,
      tiesMlflow: options.mlflow.enabled,
      tell,
    },
    recording,
  );
  if (run !== undefined && !isQuiet) {
    io.stderr.write(`${summarizeRun(run, io, reports)}\n`);
    for (const line of reports.flatMap(explainReport)) tell(line);
  }
  const warning = run === undefined ? undefined : warnOfMlflow(recording!.tie.runDir, io.env);
  if (warning !== undefined) tell(warning);
  return end.signal ?? end.code ?? 0;
}

/** Begins the recording. When that fails it is said, and the command runs without. */
async function openRecording(
  options: RecordRunOptions,
  tell: Tell,
): Promise<Recording | undefined> {
  const { io, stage, command, runId } = options;
  const outer = findOuterRun(io.env);
  try {
    if (outer === undefined)
      return await openOwnRun({ ...options, env: io.env, cwd: io.cwd }, tell);
    const what =
      stage === undefined
        ? { kind: 'run' as const, name: options.name ?? command[0] }
        : { kind: 'stage' as const, name: stage };
    return openInnerSpan({ ...what, outer }, tell);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && runId !== undefined) {
      throw new UsageError(
        `run ${runId} exists already: ${toRunDir(findHome(io.cwd, io.env), runId)}`,
        'an ID is never written twice; leave --run-id out for a new one',
      );
    }
    tell(
      `can't record this run: ${message}; the command runs all the same (STAGELIGHT_DIR names another folder for runs)`,
    );
    return undefined;
  }
}
