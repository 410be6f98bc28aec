import { ATTR } from '../../model/attributes.ts';
import { getJson, parseStoreUrl } from './get-json.ts';
import type { StoreUrl } from './get-json.ts';
import type { LostItems, Store, StoreQuestion } from './store.ts';

/** The most lines that a query gives (`max_entries_limit_per_query`). */
const PAGE = 5000;
const HOUR_MS = 3_600_000;
const NANOS_PER_MS = 1_000_000n;
const WEEK_MS = 7 * 86_400_000;
const UID = ATTR.uid.replaceAll('.', '_');
/** What a uid may end with: lines of one nanosecond are told apart by it. */
const ENDS = ['[0-5]', '[6-9ab]', '[c-h]', '[i-n]', '[o-t]', '[u-z]', '[^0-9a-z]'];

interface LokiStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [
    time: string,
    line: string,
    rest?: { readonly structuredMetadata?: Readonly<Record<string, string>> },
  ])[];
}

/** Loki, by its query API: https://grafana.com/docs/loki/latest/reference/loki-http-api/ */
export class LokiStore implements Store {
  readonly kind = 'loki';
  readonly signals = ['logs'] as const;
  readonly #url: StoreUrl;

  constructor(address: string) {
    this.#url = parseStoreUrl(address);
  }

  get address(): string {
    return this.#url.shown;
  }

  async read({ run: { info } }: StoreQuestion, take: (key: string) => void): Promise<void> {
    const service = JSON.stringify(info.resource[ATTR.serviceName] ?? info.pipeline);
    const query = `{service_name=${service}} | ${toLokiName(ATTR.pipelineRunId)}="${info.runId}"`;
    const fromMs = parseMs(info.startedAt) - HOUR_MS;
    const toMs = (info.endedAt === undefined ? Date.now() : parseMs(info.endedAt)) + HOUR_MS;
    await this.#collect({ query, fromMs, toMs, end: '' }, take);
  }

  explainLoss({ oldestMs, receivedCount }: LostItems): string {
    if (oldestMs !== undefined && Date.now() - oldestMs > WEEK_MS) {
      return 'records of over a week ago are refused by default: limits_config.reject_old_samples';
    }
    return receivedCount === 0
      ? 'it may not be what the run was sent to, or want a tenant (X-Scope-OrgID)'
      : "what is over an hour behind the newest of its stream is refused, unless the run's ID is a label; so are lines over 256 KB";
  }

  /**
   * Reads the uids of a range. It is counted first, and cut until a page holds it: by time, and within one millisecond
   * by how uids end. (Counting is fast. Reading thousands of lines of one nanosecond that it was sent twice takes minutes.)
   */
  async #collect(range: Range, take: (key: string) => void): Promise<void> {
    const count = await this.#count(range);
    if (count === 0) return;
    if (count < PAGE) {
      for (const uid of await this.#readPage(range)) take(uid);
      return;
    }
    const { fromMs, toMs, end } = range;
    const middle = Math.floor((fromMs + toMs) / 2);
    const parts =
      toMs - fromMs > 1
        ? [
            { ...range, toMs: middle },
            { ...range, fromMs: middle },
          ]
        : ENDS.map((characters) => ({ ...range, end: `${characters}${end}` }));
    for (const part of parts) await this.#collect(part, take);
  }

  async #count(range: Range): Promise<number> {
    const { fromMs, toMs } = range;
    const query = `sum(count_over_time(${toQuery(range)} [${toMs - fromMs}ms]))`;
    // Ranges of Loki's hold their end, and not their beginning; no unit is smaller than a millisecond.
    const result = await this.#get('query', { query, time: String(toNanos(toMs) - 1n) });
    const value = (result as readonly { readonly value: readonly [number, string] }[])[0]?.value[1];
    return Number(value ?? 0);
  }

  async #readPage(range: Range): Promise<string[]> {
    const result = await this.#get('query_range', {
      query: toQuery(range),
      direction: 'forward',
      limit: String(PAGE),
      start: String(toNanos(range.fromMs)),
      end: String(toNanos(range.toMs)),
    });
    return (result as readonly LokiStream[]).flatMap(({ stream, values }) =>
      values.map(([, , rest]) => rest?.structuredMetadata?.[UID] ?? stream[UID] ?? ''),
    );
  }

  async #get(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown[]> {
    const query = new URLSearchParams(parameters).toString();
    const answer = await getJson(this.#url, `/loki/api/v1/${path}?${query}`, {
      // Without it structured metadata is mixed into the labels, and streams are cut by it.
      'x-loki-response-encoding-flags': 'categorize-labels',
    });
    const result = (answer as { data?: { result?: unknown } } | undefined)?.data?.result;
    if (Array.isArray(result)) return result as unknown[];
    throw new Error('the answer is not that of Loki');
  }
}

/** What is read: from a time on, up to another that isn't itself in it; only uids with an end, where one is given. */
interface Range {
  readonly query: string;
  /** Whole milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly end: string;
}

function toQuery({ query, end }: Range): string {
  // Not `.*`: Loki 3.7 takes `=~".*x"` for "contains x".
  return end === '' ? query : `${query} | ${UID}=~".+${end}"`;
}

function parseMs(nanos: string): number {
  return Number(BigInt(nanos) / NANOS_PER_MS);
}

function toNanos(ms: number): bigint {
  return BigInt(ms) * NANOS_PER_MS;
}

/** Its names have no dots. */
function toLokiName(name: string): string {
  return name.replaceAll('.', '_');
}
