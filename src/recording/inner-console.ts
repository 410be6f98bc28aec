import { join } from 'node:path';
import { ConsoleRecorder } from '../capture/console-recorder.ts';
import type { SpanId } from '../model/ids.ts';
import { now, toNanoString } from '../model/time.ts';
import { CONSOLE_EXTENSION } from '../spool/console-inbox.ts';
import { FILE } from '../spool/layout.ts';
import { toSourceName } from '../spool/process-identity.ts';
import type { OuterRun } from './outer-run.ts';
import type { Recording, RunTie, Tell } from './recording.ts';
import { findStreamsApart } from './streams-apart.ts';

export interface InnerConsoleOptions {
  readonly outer: OuterRun;
  /** What the output belongs to where no marker says otherwise, and the stage that it is, when it is one. */
  readonly span: SpanId;
  readonly stage?: string | undefined;
  readonly tell: Tell;
}

/**
 * Opens the console of a command inside a run, in an inbox of that run, which its process merges.
 * @throws the file system's error when the inbox can't be made.
 */
export function openInnerConsole(options: InnerConsoleOptions): {
  console: ConsoleRecorder;
  tie: RunTie;
} {
  const { outer, span, stage, tell } = options;
  const { runDir, info, depth, console: around } = outer;
  const { runId, traceId } = info;
  const source = toSourceName();
  const path = join(runDir, FILE.inbox, `${source}${CONSOLE_EXTENSION}`);
  const console = new ConsoleRecorder({ path, tell });
  const apart = findStreamsApart();
  console.entry({
    type: 'console-open',
    time: toNanoString(now()),
    span,
    depth,
    ...(around !== undefined && { around }),
    ...(apart.length > 0 && { apart }),
    ...(stage !== undefined && { stage }),
  });
  const { mlflow } = info;
  const tie = { runId, runDir, traceId, spanId: span, source, depth, stage, mlflow };
  return { console, tie };
}

/**
 * Catches what a command prints that has its span from somebody else.
 * @throws the file system's error when the inbox can't be made.
 */
export function openCapture(options: InnerConsoleOptions): Recording {
  const { console, tie } = openInnerConsole(options);
  return {
    tie,
    console,
    start: () => {},
    finish: async () => {
      console.close();
      return undefined;
    },
  };
}
