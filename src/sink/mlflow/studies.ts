import { ATTR } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';

/** What a study came to, as far as its trials have ended. */
export interface StudySummary {
  readonly name: string;
  readonly trialCount: number;
  readonly prunedCount: number;
  readonly failedCount: number;
  /** With one objective only. */
  readonly best: { readonly number: number; readonly value: number } | undefined;
}

/** A run with more has something else to tell. */
const MAX_STUDIES = 1000;

/** Sums up studies, trial by trial: trials are many, and aren't kept. */
export class Studies {
  readonly #summaries = new Map<SpanId, StudySummary>();

  /** By the study's span. */
  get(studySpanId: SpanId): StudySummary | undefined {
    return this.#summaries.get(studySpanId);
  }

  get all(): IterableIterator<[SpanId, StudySummary]> {
    return this.#summaries.entries();
  }

  add({ parentSpanId = '', attributes }: StoredSpan): void {
    const before = this.#summaries.get(parentSpanId);
    if (before === undefined && this.#summaries.size >= MAX_STUDIES) return;
    const { [ATTR.trialState]: state, [ATTR.trialValue]: value } = attributes;
    const isBest = attributes[ATTR.trialBest] === true && typeof value === 'number';
    this.#summaries.set(parentSpanId, {
      name: String(attributes[ATTR.studyName]),
      trialCount: (before?.trialCount ?? 0) + 1,
      prunedCount: (before?.prunedCount ?? 0) + (state === 'PRUNED' ? 1 : 0),
      failedCount: (before?.failedCount ?? 0) + (state === 'FAIL' ? 1 : 0),
      // Trials end in the order in which they were told to be the best so far.
      best: isBest ? { number: Number(attributes[ATTR.trialNumber]), value } : before?.best,
    });
  }
}
