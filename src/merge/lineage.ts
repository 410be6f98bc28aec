import { dirname } from 'node:path';
import type { ProducedStage, RunInfo } from '../model/run-info.ts';
import { listRuns } from '../spool/run-file.ts';

/** Where a skipped stage's outputs come from. */
export interface Producer {
  readonly info: RunInfo;
  readonly stage: ProducedStage;
}

/** Finds the run that last produced given outputs, among the runs beside this one. */
export class Lineage {
  readonly #runDir: string;
  #runs: RunInfo[] | undefined;

  constructor(runDir: string) {
    this.#runDir = runDir;
  }

  /** The newest earlier run of which the stage has put out exactly `outs` (hashes). */
  find(stage: string, outs: readonly string[]): Producer | undefined {
    this.#runs ??= listRuns(dirname(dirname(this.#runDir))).map((run) => run.info);
    const wanted = outs.toSorted().join();
    for (const info of this.#runs) {
      const produced = info.produced?.find(
        (item) => item.stage === stage && item.outs.toSorted().join() === wanted,
      );
      if (produced !== undefined) return { info, stage: produced };
    }
    return undefined;
  }
}
