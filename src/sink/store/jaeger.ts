import type { SentRun } from '../destination.ts';
import { getJson, parseStoreUrl } from './get-json.ts';
import type { StoreUrl } from './get-json.ts';
import type { LostItems, Store } from './store.ts';
import { Tally } from './tally.ts';

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

  async read({ info }: SentRun): Promise<ReadonlyMap<string, number>> {
    const answer = await getJson(this.#url, `/api/traces/${info.traceId}`);
    const tally = new Tally();
    for (const { spans } of (answer as JaegerTraces | undefined)?.data ?? []) {
      for (const { spanID } of spans ?? []) tally.add(spanID);
    }
    return tally.counts;
  }

  explainLoss(_run: SentRun, { receivedCount }: LostItems): string {
    return receivedCount === 0
      ? 'it may keep traces in memory and have been started again since, or not be what the run was sent to'
      : 'something in between may sample spans: look for a sampler in the Collector';
  }
}
