import type { ConsoleEvent } from '../../grammars/grammar.ts';
import { ATTR } from '../../model/attributes.ts';
import { toStageSpanId } from '../../model/ids.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Scope } from '../emitter.ts';
import type { OpenSpan, SpanBook } from './span-book.ts';

type JobStart = Extract<ConsoleEvent, { type: 'job-start' }>;

/** Follows the jobs of a Hydra multirun that one output tells of: one ends where the next begins. */
export class JobCourse {
  readonly #book: SpanBook;
  readonly #runId: RunId;
  #open: { readonly span: OpenSpan; readonly overrides: readonly string[] } | undefined;
  #hasFailed = false;
  #count = 0;

  constructor(options: { book: SpanBook; runId: RunId }) {
    this.#book = options.book;
    this.#runId = options.runId;
  }

  get scope(): Scope | undefined {
    return this.#open?.span.scope;
  }

  /** How many jobs there were. */
  get count(): number {
    return this.#count;
  }

  start({ number, overrides: text }: JobStart, place: { time: UnixTime; parent: SpanId }): Scope {
    this.end(place.time);
    this.#count += 1;
    const overrides = text.split(/\s+/);
    const span = this.#book.open({
      spanId: toStageSpanId(this.#runId, `hydra job in ${place.parent}`, this.#count),
      parent: place.parent,
      role: 'job',
      name: 'job',
      start: place.time,
      attributes: { [ATTR.hydraJobNumber]: number, [ATTR.hydraOverrides]: overrides },
    });
    this.#open = { span, overrides };
    return span.scope;
  }

  /** A job has failed: the one that is under way, if it has these overrides. A launcher can run several at once. */
  fail(overrides: string): void {
    const own = this.#open?.overrides.map((override) => `'${override}'`).join(', ');
    if (overrides === `[${own}]`) this.#hasFailed = true;
  }

  end(time: UnixTime): void {
    const job = this.#open;
    if (job === undefined) return;
    this.#open = undefined;
    const status = this.#hasFailed ? 'error' : undefined;
    this.#hasFailed = false;
    this.#book.close(job.span, { end: time, inferred: ['end_time'], status });
  }
}
