import type { Result } from '../model/pipeline.ts';
import type { RunCounts } from '../model/run-info.ts';
import { SEVERITY } from '../model/severity.ts';

/** Counts what a run holds, as it is written. */
export class Counter {
  spans = 0;
  records = 0;
  warnings = 0;
  errors = 0;
  trials = 0;
  masked = 0;
  dropped = 0;
  suppressed = 0;
  readonly stages: Partial<Record<Result, number>> = {};

  record(severity: number): void {
    this.records += 1;
    if (severity >= SEVERITY.error) this.errors += 1;
    else if (severity >= SEVERITY.warn) this.warnings += 1;
  }

  stage(result: Result): void {
    this.stages[result] = (this.stages[result] ?? 0) + 1;
  }

  toCounts(): RunCounts {
    const { spans, records, warnings, errors, trials, masked, dropped, suppressed } = this;
    return {
      spans,
      records,
      warnings,
      errors,
      stages: { ...this.stages },
      trials,
      masked,
      dropped,
      suppressed,
    };
  }
}
