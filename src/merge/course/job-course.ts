import type { ConsoleEvent } from '../../grammars/grammar.ts';
import { ATTR } from '../../model/attributes.ts';
import { toStageSpanId } from '../../model/ids.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Scope } from '../emitter.ts';
import type { OpenSpan, SpanBook } from './span-book.ts';

type JobStart = Extract<ConsoleEvent, { type: 'job-start' }>;

/** Of more, a span's end isn't known. */
const MAX_TOGETHER = 10_000;

interface Job {
  readonly span: OpenSpan;
  readonly overrides: readonly string[];
  hasFailed: boolean;
}

/**
 * Follows the jobs of a Hydra multirun that one output tells of: one ends where the next begins, unless their launcher runs
 * them together. All are then named before the first begins, and end with the last line.
 */
export class JobCourse {
  readonly #book: SpanBook;
  readonly #runId: RunId;
  /** Where they run together, those that were named; else the one under way. */
  #open: Job[] = [];
  #isTogether = false;
  #count = 0;

  constructor(options: { book: SpanBook; runId: RunId }) {
    this.#book = options.book;
    this.#runId = options.runId;
  }

  get scope(): Scope | undefined {
    return this.#isTogether ? undefined : this.#open[0]?.span.scope;
  }

  /** How many jobs there were. */
  get count(): number {
    return this.#count;
  }

  start({ number, overrides: text }: JobStart, place: { time: UnixTime; parent: SpanId }): Scope {
    if (!this.#isTogether) this.end(place.time);
    this.#count += 1;
    const overrides = text.split(/\s+/);
    const span = this.#book.open({
      spanId: toStageSpanId(this.#runId, `hydra job in ${place.parent}`, this.#count),
      parent: place.parent,
      role: 'job',
      name: 'job',
      start: place.time,
      attributes: { [ATTR.hydraJobNumber]: number, [ATTR.hydraOverrides]: overrides },
      inferred: this.#isTogether ? ['start_time'] : [],
    });
    if (this.#open.length < MAX_TOGETHER) this.#open.push({ span, overrides, hasFailed: false });
    return span.scope;
  }

  /** A launcher starts jobs, which it names next. Those of the launch before are over. */
  launch(isTogether: boolean, time: UnixTime): void {
    this.end(time);
    this.#isTogether = isTogether;
  }

  /** A job has failed: the one that is under way, if it has these overrides. */
  fail(overrides: string): void {
    const failed = this.#open.find((job) => overrides === toList(job.overrides) && !job.hasFailed);
    if (failed !== undefined) failed.hasFailed = true;
  }

  end(time: UnixTime): void {
    for (const { span, hasFailed } of this.#open.splice(0)) {
      const status = hasFailed ? 'error' : undefined;
      this.#book.close(span, { end: time, inferred: ['end_time'], status });
    }
  }
}

/** Overrides as Hydra's failure has them. */
function toList(overrides: readonly string[]): string {
  return `[${overrides.map((override) => `'${override}'`).join(', ')}]`;
}
