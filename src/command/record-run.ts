import { join } from 'node:path';
import { runChild } from '../capture/child/run-child.ts';
import type { ChildEnd, OutputEnd } from '../capture/child/run-child.ts';
import { ConsoleRecorder } from '../capture/console-recorder.ts';
import { describeRun } from '../capture/describe-run.ts';
import { createRunId } from '../model/ids.ts';
import type { LoggingSettings, RunInfo } from '../model/run-info.ts';
import { now, toNanoString } from '../model/time.ts';
import { CONSOLE_EXTENSION } from '../spool/console-inbox.ts';
import { FILE, createRunDir, findHome, toRunDir } from '../spool/layout.ts';
import { toSourceName } from '../spool/process-identity.ts';
import { writeRunInfo } from '../spool/run-file.ts';
import { UsageError } from './command.ts';
import type { CommandIo, ExitStatus } from './command.ts';
import { MergeWorker } from './merge-worker.ts';
import { summarizeRun } from './summary-line.ts';

export interface RecordRunOptions {
  readonly command: readonly [string, ...string[]];
  readonly name: string | undefined;
  readonly environment: string | undefined;
  readonly runId: string | undefined;
  readonly join: boolean;
  readonly usePty: boolean;
  readonly isLive: boolean;
  readonly isQuiet: boolean;
  readonly logging: LoggingSettings;
  readonly io: CommandIo;
}

/** Runs a command and records it as a run of its own. Gives how the command ended, whatever becomes of the recording. */
export async function recordRun(options: RecordRunOptions): Promise<ExitStatus> {
  const { io } = options;
  const tell = (message: string): void => void io.stderr.write(`stagelight: ${message}\n`);
  const recording = openRecording(options, tell);
  const end = await runCommand(options, recording);
  if (end.error !== undefined) tell(end.error);
  if (end.isHeldOpen)
    tell('a background process still holds the output open; what it prints from now on is lost');
  const finished = await recording?.finish();
  if (finished !== undefined && !options.isQuiet)
    io.stderr.write(`${summarizeRun(finished, io)}\n`);
  return end.signal ?? end.code ?? 0;
}

interface Recording {
  readonly info: RunInfo;
  readonly runDir: string;
  readonly console: ConsoleRecorder;
  /** The command is under way: the rest of us may load now. */
  start(): void;
  finish(): Promise<RunInfo | undefined>;
}

/** Makes the run directory. When that fails it is said, and the command runs without being recorded. */
function openRecording(
  options: RecordRunOptions,
  tell: (message: string) => void,
): Recording | undefined {
  const { io, command, name, environment, logging } = options;
  const home = findHome(io.cwd, io.env);
  const runId = options.runId ?? createRunId();
  try {
    const runDir = createRunDir(home, runId);
    const info = describeRun({
      runId,
      runDir,
      command,
      cwd: io.cwd,
      env: io.env,
      name,
      environment,
      join: options.join,
      logging,
    });
    writeRunInfo(runDir, info);
    const source = toSourceName();
    const consoleRecorder = new ConsoleRecorder({
      path: join(runDir, FILE.inbox, `${source}${CONSOLE_EXTENSION}`),
      tell,
    });
    consoleRecorder.entry({ type: 'console-open', time: info.startedAt, span: info.rootSpanId });
    let worker: MergeWorker | undefined;
    return {
      info,
      runDir,
      console: consoleRecorder,
      start: () => (worker = new MergeWorker({ runDir, info, env: io.env, tell })),
      finish: async () => {
        consoleRecorder.close();
        return await worker?.finish();
      },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new UsageError(
        `run ${runId} exists already: ${toRunDir(home, runId)}`,
        'an ID is never written twice; leave --run-id out for a new one',
      );
    }
    tell(`can't record this run: ${(error as Error).message}; the command runs all the same`);
    return undefined;
  }
}

async function runCommand(
  options: RecordRunOptions,
  recording: Recording | undefined,
): Promise<ChildEnd & OutputEnd> {
  const { command, io, usePty, isLive } = options;
  return await runChild({
    command,
    env: toChildEnv(io.env, { recording, isLive }),
    scratchDir: recording === undefined ? '/tmp' : join(recording.runDir, FILE.inbox),
    usePty,
    onChunk: (stream, bytes) => recording?.console.chunk(stream, bytes),
    onStart: (pid) => {
      recording?.console.entry({ type: 'child-start', time: toNanoString(now()), pid });
      recording?.start();
    },
    onExit: (end) => {
      recording?.console.entry({ type: 'child-exit', time: toNanoString(now()), ...end });
      if (end.error !== undefined) recording?.start();
    },
  });
}

/** The command's environment: ours, and what ties it to the run. */
function toChildEnv(
  env: NodeJS.ProcessEnv,
  { recording, isLive }: { recording: Recording | undefined; isLive: boolean },
): NodeJS.ProcessEnv {
  if (recording === undefined) return env;
  const { info, runDir } = recording;
  return {
    ...env,
    TRACEPARENT: `00-${info.traceId}-${info.rootSpanId}-01`,
    STAGELIGHT_RUN_ID: info.runId,
    STAGELIGHT_RUN_DIR: runDir,
    ...(isLive && { PYTHONUNBUFFERED: '1' }),
  };
}
