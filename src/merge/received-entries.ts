import { TraceFlags } from '@opentelemetry/api';
import type { Link } from '@opentelemetry/api';
import { ATTR } from '../model/attributes.ts';
import type { OtlpMetricEntry, SpanEntry } from '../model/inbox.ts';
import { parseInboxAttributes } from '../model/inbox-value.ts';
import type { RunInfo } from '../model/run-info.ts';
import { laterOf, parseNanoString } from '../model/time.ts';
import type { SpanBook } from './course/span-book.ts';
import type { MetricsFile } from './metrics-file.ts';
import type { Recorder } from './recorder.ts';
import { isSpanId, isTraceId } from './scopes.ts';
import type { Scopes } from './scopes.ts';
import { toEvents, toLinks } from './span-parts.ts';

export interface ReceivedEntriesOptions {
  readonly info: RunInfo;
  readonly book: SpanBook;
  readonly recorder: Recorder;
  readonly scopes: Scopes;
  readonly metrics: MetricsFile;
}

/** Who sends again what was taken, for its answer got lost, is known for so many spans. */
const MAX_KNOWN = 100_000;
/** The run's span links to as many traces of others. */
const MAX_LINKED = 100;

/** Makes spans and metrics of what programs of the run have sent over OTLP. */
export class ReceivedEntries {
  readonly #options: ReceivedEntriesOptions;
  readonly #known = new Set<string>();
  readonly #linked = new Set<string>();

  constructor(options: ReceivedEntriesOptions) {
    this.#options = options;
  }

  span(entry: SpanEntry): void {
    const { info, recorder, scopes } = this.#options;
    const start = parseNanoString(entry.start);
    const end = parseNanoString(entry.time);
    const trace = isTraceId(entry.trace) ? entry.trace : undefined;
    if (start === undefined || end === undefined || !isSpanId(entry.span)) return;
    if (!this.#isNew(`${trace ?? ''}${entry.span}`)) return;
    const named = isSpanId(entry.parent) ? entry.parent : undefined;
    const stage = trace === undefined && named ? scopes.known(named)?.stage : undefined;
    recorder.span({
      spanId: entry.span,
      traceId: trace,
      parent: named ?? (trace === undefined ? info.rootSpanId : undefined),
      name: entry.name,
      kind: entry.spanKind,
      tracer: entry.scope,
      start,
      end: laterOf(start, end),
      attributes: {
        ...(stage !== undefined && { [ATTR.taskName]: stage }),
        ...parseInboxAttributes(entry.attributes),
      },
      events: toEvents(entry.events, end),
      links: [
        ...toLinks(entry.links),
        ...(trace !== undefined && named === undefined ? [this.#link(trace, entry.span)] : []),
      ],
      isOk: entry.status === 'ok',
      ...(entry.status === 'error' && { error: { message: entry.errorMessage } }),
    });
    if (trace === undefined) scopes.keep(recorder.createScope(entry.span, stage));
  }

  metric({ scope, sender, metric }: OtlpMetricEntry): void {
    const attributes = parseInboxAttributes(sender);
    this.#options.metrics.add({ scope: scope ?? '', sender: attributes, metric });
  }

  /** Links the run's span to another's trace, and gives the link back from that. */
  #link(traceId: string, spanId: string): Link {
    const { info, book } = this.#options;
    if (this.#linked.size < MAX_LINKED && !this.#linked.has(traceId)) {
      this.#linked.add(traceId);
      book.get(info.rootSpanId)?.links.push(toLink(traceId, spanId, 'received'));
    }
    return toLink(info.traceId, info.rootSpanId, 'run');
  }

  #isNew(key: string): boolean {
    if (this.#known.has(key)) return false;
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.values().next().value!);
    this.#known.add(key);
    return true;
  }
}

function toLink(traceId: string, spanId: string, kind: string): Link {
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return { context, attributes: { [ATTR.linkKind]: kind } };
}
