import { join } from 'node:path';
import type { FirstError } from '../../model/run-info.ts';
import { FILE } from '../../spool/layout.ts';
import { readSpans } from '../../spool/signal-reader.ts';
import type { OpenedRun } from '../open-run.ts';
import { buildTree } from './build-tree.ts';
import { readLogFacts } from './log-facts.ts';
import type { LevelCounts } from './log-facts.ts';
import type { RunNode } from './run-node.ts';

/** All that a run's files say of its course. */
export interface RunCourse {
  readonly run: OpenedRun;
  readonly root: RunNode;
  readonly levels: LevelCounts;
  readonly firstError: FirstError | undefined;
}

/** Reads a run's spans, and through its log records. */
export function loadCourse(run: OpenedRun): RunCourse {
  const { runDir, info, state } = run;
  const { starts, metrics, levels, firstError } = readLogFacts(join(runDir, FILE.logs), {
    // `run.json` has it when the run has ended.
    findsError: info.endedAt === undefined,
  });
  const spans = [...readSpans(join(runDir, FILE.traces))];
  return {
    run,
    root: buildTree({ info, state, spans, starts, metrics }),
    levels,
    firstError: info.firstError ?? firstError,
  };
}
