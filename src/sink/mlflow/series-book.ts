import type { SpanId } from '../../model/ids.ts';
import type { MetricPoint } from './api.ts';

/** Keeps the values of metrics by the span that they are in. Names are kept once: there are few, and many values. */
export class SeriesBook {
  readonly #points = new Map<SpanId, MetricPoint[]>();
  readonly #keys = new Map<string, string>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get spanIds(): IterableIterator<SpanId> {
    return this.#points.keys();
  }

  add(spanId: SpanId, point: MetricPoint): void {
    const key = this.#keys.get(point.key) ?? point.key;
    if (this.#keys.size < MAX_KEYS) this.#keys.set(key, key);
    const kept = { ...point, key };
    const points = this.#points.get(spanId);
    if (points === undefined) this.#points.set(spanId, [kept]);
    else points.push(kept);
    this.#count += 1;
  }

  /** The values of a span. */
  peek(spanId: SpanId): readonly MetricPoint[] {
    return this.#points.get(spanId) ?? [];
  }

  /** The values of a span, which are kept no longer. */
  take(spanId: SpanId): MetricPoint[] {
    const points = this.#points.get(spanId) ?? [];
    this.#points.delete(spanId);
    this.#count -= points.length;
    return points;
  }
}

const MAX_KEYS = 10_000;
