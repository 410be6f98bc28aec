import { toSpanKey } from '../item-key.ts';
import { getJson, parseStoreUrl } from './get-json.ts';
import type { StoreUrl } from './get-json.ts';
import { readEachTrace } from './store.ts';
import type { LostItems, Store, StoreQuestion } from './store.ts';

interface JaegerTraces {
  readonly data?: readonly { readonly spans?: readonly { readonly spanID: string }[] }[];
}

/** Jaeger, by its query API: https://www.jaegertracing.io/docs/2.13/architecture/apis/ */
export class JaegerStore implements Store {
  readonly kind = 'jaeger';
  readonly signals = ['traces'] as const;
  readonly #url: StoreUrl;

  constructor(address: string) {
    this.#url = parseStoreUrl(address);
  }

  get address(): string {
    return this.#url.shown;
  }

  async read({ traceIds }: StoreQuestion, take: (key: string) => void): Promise<void> {
    await readEachTrace(traceIds, async (traceId) => {
      const answer = await getJson(this.#url, `/api/traces/${traceId}`);
      for (const { spans } of (answer as JaegerTraces | undefined)?.data ?? []) {
        for (const { spanID } of spans ?? []) take(toSpanKey({ traceId, spanId: spanID }));
      }
    });
  }

  explainLoss({ receivedCount }: LostItems): string {
    return receivedCount === 0
      ? 'it may keep traces in memory and have been started again since, or not be what the run was sent to'
      : 'something in between may sample spans: look for a sampler in the Collector';
  }
}
