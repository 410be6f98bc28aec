import { join } from 'node:path';
import { toStageSpanId } from '../model/ids.ts';
import { now, toNanoString } from '../model/time.ts';
import { ExecutionClaims } from '../spool/claims.ts';
import { FILE } from '../spool/layout.ts';
import { toSourceName } from '../spool/process-identity.ts';
import { openInnerConsole } from './inner-console.ts';
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
  const { runDir, info, startedIn } = outer;
  const address = kind === 'stage' ? name : `run ${name}`;
  const execution = new ExecutionClaims(join(runDir, FILE.claims)).claim(address, toSourceName());
  const span = toStageSpanId(info.runId, address, execution);
  const stage = kind === 'stage' ? name : undefined;
  const { console, tie } = openInnerConsole({ outer, span, stage, tell });
  const time = toNanoString(now());
  console.entry({ type: 'span-start', kind, time, span, parent: startedIn, name });
  return {
    tie,
    console,
    start: () => {},
    finish: async (exit) => {
      console.entry(toSpanEnd(span, exit));
      console.close();
      return undefined;
    },
  };
}
