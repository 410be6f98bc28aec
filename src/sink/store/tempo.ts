import { toSpanKey } from '../item-key.ts';
import { getJson, parseStoreUrl } from './get-json.ts';
import type { StoreUrl } from './get-json.ts';
import { readEachTrace } from './store.ts';
import type { LostItems, Store, StoreQuestion } from './store.ts';

/** Tempo's `max_bytes_per_trace`, by default. */
const MAX_TRACE_BYTES = 5_000_000;

interface TempoTrace {
  readonly trace?: TempoTrace;
  readonly resourceSpans?: readonly TempoResource[];
  /** What the first version of its API calls them. */
  readonly batches?: readonly TempoResource[];
}

interface TempoResource {
  readonly scopeSpans?: readonly { readonly spans?: readonly { readonly spanId: string }[] }[];
}

/** Tempo, by its API: https://grafana.com/docs/tempo/latest/api_docs/#query-v2 */
export class TempoStore implements Store {
  readonly kind = 'tempo';
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
      const answer =
        (await getJson(this.#url, `/api/v2/traces/${traceId}`)) ??
        (await getJson(this.#url, `/api/traces/${traceId}`));
      const { trace = answer as TempoTrace | undefined } = (answer ?? {}) as TempoTrace;
      const scopes = (trace?.resourceSpans ?? trace?.batches ?? []).flatMap(
        ({ scopeSpans }) => scopeSpans ?? [],
      );
      for (const { spans } of scopes) {
        for (const { spanId } of spans ?? []) take(toSpanKey({ traceId, spanId: toHex(spanId) }));
      }
    });
  }

  explainLoss({ byteLength, receivedCount }: LostItems): string {
    if (byteLength > MAX_TRACE_BYTES) {
      return 'the trace is larger than what Tempo takes by default: raise overrides.defaults.global.max_bytes_per_trace';
    }
    return receivedCount === 0
      ? 'it may not be what the run was sent to, or want a tenant (X-Scope-OrgID)'
      : 'something in between may sample spans: look for a sampler in the Collector';
  }
}

/** Its JSON is protobuf's own: IDs are base64 there. */
function toHex(spanId: string): string {
  return /^[0-9a-f]{16}$/.test(spanId) ? spanId : Buffer.from(spanId, 'base64').toString('hex');
}
