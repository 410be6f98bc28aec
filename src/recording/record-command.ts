import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../capture/child/run-child.ts';
import type { ChildEnd } from '../capture/child/run-child.ts';
import type { ChildExitEntry } from '../model/inbox.ts';
import type { RunInfo } from '../model/run-info.ts';
import { now, toNanoString } from '../model/time.ts';
import { FILE } from '../spool/layout.ts';
import { toShellVariables } from './dvc-shell.ts';
import { toMlflowVariables } from './mlflow-context.ts';
import { withoutOtlpVariables } from './otlp-receiver.ts';
import { toHookVariables } from './python-hook.ts';
import type { PythonHook } from './python-hook.ts';
import type { DeliveryReport } from '../ship/report.ts';
import type { Recording, Tell } from './recording.ts';

export interface RecordCommandOptions {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** `false`: pipes even where a terminal is. */
  readonly usePty: boolean;
  /** Have Python print at once. */
  readonly isLive: boolean;
  /** Left as it is in the environment when left out, and so is the shell. */
  readonly pythonHook?: PythonHook;
  /** Whether DVC is to run its commands with our shell. */
  readonly dvcShell?: boolean;
  /** Have the MLflow runs that the command makes tied to the run. */
  readonly tiesMlflow?: boolean;
  readonly tell: Tell;
}

/** How a recorded command ended, and its run where it had one of its own. */
export interface RecordedCommand {
  readonly end: ChildEnd;
  readonly run: RunInfo | undefined;
  /** How far it was sent, for each destination. */
  readonly reports: readonly DeliveryReport[];
}

/**
 * Runs a command and records it. Whatever becomes of the recording, the command runs and ends as without it; with no
 * recording at all it only runs.
 */
export async function recordCommand(
  options: RecordCommandOptions,
  recording: Recording | undefined,
): Promise<RecordedCommand> {
  const { tell } = options;
  let exit: ChildExitEntry = { type: 'child-exit', time: toNanoString(now()) };
  const end = await runChild({
    command: options.command,
    env: toChildEnv(options, recording),
    // What isn't recorded needn't be caught.
    scratchDirs: recording === undefined ? [] : [join(recording.tie.runDir, FILE.inbox), tmpdir()],
    usePty: options.usePty,
    onChunk: (stream, bytes) => recording?.console.chunk(stream, bytes),
    onStart: (pid) => {
      recording?.console.entry({ type: 'child-start', time: toNanoString(now()), pid });
      recording?.start();
    },
    onExit: (how) => {
      exit = { type: 'child-exit', time: toNanoString(now()), ...how };
      recording?.console.entry(exit);
    },
  });
  if (end.error !== undefined) tell(end.error);
  if (end.fault !== undefined) tell(`${end.fault}; the output is not recorded`);
  if (end.isHeldOpen) {
    tell(
      'a background process still holds the output open; what it prints from now on is not recorded',
    );
  }
  recording?.start(); // a command that couldn't start is a run too
  const run = await recording?.finish(exit);
  return { end, run, reports: (await recording?.send?.()) ?? [] };
}

/** The command's environment: the one given, and what ties it to the run. */
function toChildEnv(
  { env, isLive, pythonHook, dvcShell, tiesMlflow }: RecordCommandOptions,
  recording: Recording | undefined,
): NodeJS.ProcessEnv {
  const otlp = recording?.otlpVariables;
  return {
    ...(otlp === undefined ? env : withoutOtlpVariables(env)),
    ...otlp,
    ...(recording !== undefined && toTieVariables(recording)),
    ...(recording && pythonHook && toHookVariables(pythonHook, env)),
    ...(recording && dvcShell !== undefined && toShellVariables(dvcShell, env)),
    ...(recording && tiesMlflow === true && toMlflowVariables({ env, ...recording.tie })),
    ...(isLive && { PYTHONUNBUFFERED: '1' }),
  };
}

function toTieVariables({ tie }: Recording): NodeJS.ProcessEnv {
  return {
    TRACEPARENT: `00-${tie.traceId}-${tie.spanId}-01`,
    STAGELIGHT_RUN_ID: tie.runId,
    STAGELIGHT_RUN_DIR: tie.runDir,
    STAGELIGHT_CONSOLE: tie.source,
    STAGELIGHT_DEPTH: String(tie.depth),
  };
}
