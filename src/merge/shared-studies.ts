import { ATTR } from '../model/attributes.ts';
import type { SpanId } from '../model/ids.ts';
import { compareTimes, laterOf } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { OpenSpan, SpanBook, SpanEnd } from './course/span-book.ts';

/** Optuna's default: the study is gone with its process. */
const IN_MEMORY = 'InMemoryStorage';

/**
 * Studies that are kept in a storage. Other processes may go on with one that a process has ended with, at the same time or
 * later: such a study ends when the stage has ended that it is in, with its last trial.
 */
export class SharedStudies {
  readonly #book: SpanBook;
  /** How the process said that it ended whose last trial ended last. */
  readonly #held = new Map<OpenSpan, SpanEnd>();
  readonly #lastTrials = new Map<SpanId, UnixTime>();

  constructor(book: SpanBook) {
    this.#book = book;
  }

  noteTrial({ parent }: OpenSpan, end: UnixTime): void {
    if (parent === undefined || this.#book.get(parent) === undefined) return;
    this.#lastTrials.set(parent, laterOf(this.#lastTrials.get(parent) ?? end, end));
  }

  /** A process has ended a span. Gives whether it is kept open. */
  hold(span: OpenSpan, how: SpanEnd): boolean {
    const storage = span.attributes[ATTR.studyStorage];
    if (span.role !== 'study' || typeof storage !== 'string' || storage === IN_MEMORY) return false;
    const held = this.#held.get(span);
    if (held === undefined || compareTimes(held.end, how.end) <= 0) this.#held.set(span, how);
    return true;
  }

  /** Ends those whose stage has ended; all of them when the run has. Gives which. */
  settle(isRunOver = false): OpenSpan[] {
    const over = [...this.#held.keys()].filter(
      ({ parent }) => isRunOver || parent === undefined || this.#book.get(parent) === undefined,
    );
    for (const span of over) {
      const how = this.#held.get(span)!;
      this.#held.delete(span);
      this.#book.close(span, {
        ...how,
        end: laterOf(this.#lastTrials.get(span.spanId) ?? how.end, how.end),
      });
      this.#lastTrials.delete(span.spanId);
    }
    return over;
  }
}
