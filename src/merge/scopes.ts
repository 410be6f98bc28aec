import type { SpanId } from '../model/ids.ts';
import type { SpanBook } from './course/span-book.ts';
import type { Scope } from './emitter.ts';
import type { Recorder } from './recorder.ts';

/** Scopes of spans that have ended are kept for records that come late. */
const MAX_SCOPES = 10_000;
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

export function isSpanId(text: unknown): text is SpanId {
  return typeof text === 'string' && SPAN_ID.test(text);
}

export function isTraceId(text: unknown): text is string {
  return typeof text === 'string' && TRACE_ID.test(text);
}

/** Where records belong whose process names a span. */
export class Scopes {
  readonly #root: SpanId;
  readonly #book: SpanBook;
  readonly #recorder: Recorder;
  /** By span ID; with the trace's before it, in another trace. */
  readonly #scopes = new Map<string, Scope>();

  constructor(options: { root: SpanId; book: SpanBook; recorder: Recorder }) {
    this.#root = options.root;
    this.#book = options.book;
    this.#recorder = options.recorder;
  }

  /**
   * The scope of a span; of the run's own when no span is named, or something that is none.
   * @param stage that it is in as far as its process knows, for a span that nobody has told of
   */
  find(named: SpanId | undefined, stage?: string): Scope {
    const spanId = isSpanId(named) ? named : this.#root;
    const known = this.known(spanId);
    if (known !== undefined) return known;
    // Nobody has told of it yet, or an instrumentation of the user's never will: its records still belong to it.
    const scope = this.#recorder.createScope(spanId, spanId === this.#root ? undefined : stage);
    this.keep(scope);
    return scope;
  }

  /** The scope of a span in another trace than the run's own. */
  findForeign(traceId: string, spanId: SpanId): Scope {
    const key = `${traceId}${spanId}`;
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const scope = this.#recorder.createForeignScope(traceId, spanId);
    this.#add(key, scope);
    return scope;
  }

  /** The scope of a span that has been told of. */
  known(spanId: SpanId): Scope | undefined {
    return this.#book.get(spanId)?.scope ?? this.#scopes.get(spanId);
  }

  keep(scope: Scope): void {
    this.#add(scope.spanId, scope);
  }

  #add(key: string, scope: Scope): void {
    if (this.#scopes.size >= MAX_SCOPES) this.#scopes.delete(this.#scopes.keys().next().value!);
    this.#scopes.set(key, scope);
  }
}
