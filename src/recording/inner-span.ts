import { join } from 'node:path';
import { ConsoleRecorder } from '../capture/console-recorder.ts';
import { toStageSpanId } from '../model/ids.ts';
import { now, toNanoString } from '../model/time.ts';
import { ExecutionClaims } from '../spool/claims.ts';
import { CONSOLE_EXTENSION } from '../spool/console-inbox.ts';
import { FILE } from '../spool/layout.ts';
import { toSourceName } from '../spool/process-identity.ts';
import type { OuterRun } from './outer-run.ts';
import type { Recording, Tell } from './recording.ts';
import { toSpanEnd } from './span-end.ts';

/** What a command inside a run is there. */
export interface InnerSpanOptions {
  /** A stage of the pipeline, or a run that happens to be inside another. */
  readonly kind: 'stage' | 'run';
  readonly name: string;
}

/**
 * Begins a span of the run around this process. What the command prints is caught in an inbox of that run, which its
 * process merges.
 * @throws the file system's error when the inbox can't be made.
 */
export function openInnerSpan(
  options: InnerSpanOptions & { outer: OuterRun },
  tell: Tell,
): Recording {
  const { kind, name, outer } = options;
  const { runDir, info, startedIn, depth } = outer;
  const source = toSourceName();
  const address = kind === 'stage' ? name : `run ${name}`;
  const execution = new ExecutionClaims(join(runDir, FILE.claims)).claim(address, source);
  const span = toStageSpanId(info.runId, address, execution);
  const console = new ConsoleRecorder({
    path: join(runDir, FILE.inbox, `${source}${CONSOLE_EXTENSION}`),
    tell,
  });
  const time = toNanoString(now());
  console.entry({ type: 'span-start', kind, time, span, parent: startedIn, name });
  console.entry({
    type: 'console-open',
    time,
    span,
    depth,
    ...(outer.console !== undefined && { around: outer.console }),
    ...(kind === 'stage' && { stage: name }),
  });
  return {
    tie: {
      runId: info.runId,
      runDir,
      traceId: info.traceId,
      spanId: span,
      source,
      depth,
      stage: kind === 'stage' ? name : undefined,
      mlflow: info.mlflow,
    },
    console,
    start: () => {},
    finish: async (exit) => {
      console.entry(toSpanEnd(span, exit));
      console.close();
      return undefined;
    },
  };
}
