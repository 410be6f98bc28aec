import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './free-port.ts';
import { ServerProcess, fetchStatus } from './server-process.ts';

const CONFIG = fileURLToPath(new URL('../../peers/loki/config.yaml', import.meta.url));
/** The most that one query gives. */
const PAGE = 5000;
const UID_CHARACTERS = [...Array.from('0123456789abcdefghijklmnopqrstuvwxyz'), '[^0-9a-z]'];
const DAY_NS = 86_400_000_000_000n;

/** A log line as Loki gives it. */
export interface LokiLine {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly line: string;
  /** Its stream's labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Its structured metadata: attributes, with `_` for what isn't a letter or digit, `trace_id`, `severity_text`, ... */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the query itself made. */
  readonly parsed: Readonly<Record<string, string>>;
}

export interface LokiOptions {
  /** For what it keeps; made where it isn't there. */
  readonly dir: string;
  readonly config?: string;
}

export interface TimeRange {
  /** Nanoseconds since 1970; 20 days ago by default. */
  readonly from?: bigint;
  /** Not itself in the range; an hour from now by default. */
  readonly to?: bigint;
}

/** Loki as one process, with what it has in a folder: it is still there after a restart. */
export class Loki extends ServerProcess {
  /** For OTLP/HTTP: `/v1/logs` is below it. */
  readonly otlpUrl: string;
  /** For its query API. */
  readonly url: string;

  private constructor(
    { dir, config }: Required<LokiOptions>,
    ports: { http: number; grpc: number },
  ) {
    const url = `http://127.0.0.1:${ports.http}`;
    mkdirSync(dir, { recursive: true });
    super({
      program: 'loki',
      args: [`-config.file=${config}`, '-config.expand-env=true'],
      cwd: dir,
      env: {
        LOKI_DIR: dir,
        LOKI_HTTP_PORT: String(ports.http),
        LOKI_GRPC_PORT: String(ports.grpc),
      },
      isReady: async () => (await fetchStatus(`${url}/ready`)) === 200,
    });
    this.otlpUrl = `${url}/otlp`;
    this.url = url;
  }

  /** On free ports, not started yet. */
  static async create({ dir, config = CONFIG }: LokiOptions): Promise<Loki> {
    return new Loki(
      { dir: join(dir, 'loki'), config },
      { http: await findFreePort(), grpc: await findFreePort() },
    );
  }

  /** All lines that a log query finds in a range of at most 30 days, the oldest first, however many there are. */
  async query(logql: string, range: TimeRange = {}): Promise<LokiLine[]> {
    const to = range.to ?? BigInt(Date.now()) * 1_000_000n + DAY_NS / 24n;
    const lines: LokiLine[] = [];
    for (let from = range.from ?? to - 20n * DAY_NS; ;) {
      const page = await this.#readPage(logql, { from, to });
      if (page.length < PAGE) return [...lines, ...page];
      // The last nanosecond may not be complete: it is read again, at the beginning of the next page or by itself.
      const last = page.at(-1)!.time;
      lines.push(...page.filter(({ time }) => time < last));
      if (last > from) from = last;
      else {
        lines.push(...(await this.#queryInstant(logql, from)));
        from += 1n;
      }
    }
  }

  /**
   * How many lines a log query finds in the last 20 days: fast, also where they are all of one nanosecond. But Loki
   * counts what it was sent twice more than once, while `query` gives it once.
   */
  async count(logql: string): Promise<number> {
    const counts = await this.queryNumbers(`sum(count_over_time(${logql} [20d]))`);
    return counts.get('{}') ?? 0;
  }

  /** A metric query's value now, for each set of labels: JSON of the labels, sorted, to the value. */
  async queryNumbers(logql: string, time?: bigint): Promise<Map<string, number>> {
    const result = (await this.#get('query', {
      query: logql,
      ...(time !== undefined && { time: String(time) }),
    })) as { metric: Record<string, string>; value: [number, string] }[];
    return new Map(
      result.map(({ metric, value }) => [
        JSON.stringify(Object.fromEntries(Object.entries(metric).toSorted(byName))),
        Number(value[1]),
      ]),
    );
  }

  /** The values of a label, of the streams that a selector finds. */
  async readLabel(
    name: string,
    { selector = '', ...range }: TimeRange & { selector?: string } = {},
  ): Promise<string[]> {
    const to = range.to ?? BigInt(Date.now()) * 1_000_000n;
    const from = range.from ?? to - 20n * DAY_NS;
    const found = await this.#get(`label/${name}/values`, {
      start: String(from),
      end: String(to),
      ...(selector !== '' && { query: selector }),
    });
    return (found as string[] | undefined) ?? [];
  }

  /** More lines of one nanosecond than fit in a page, told apart by how their uids end. */
  async #queryInstant(logql: string, from: bigint, end = ''): Promise<LokiLine[]> {
    const lines: LokiLine[] = [];
    for (const character of UID_CHARACTERS) {
      const longer = `${character}${end}`;
      // Not `.*`: Loki 3.7.7 takes `=~".*x"` for "contains x".
      const query = `${logql} | log_record_uid=~".+${longer}"`;
      const page = await this.#readPage(query, { from, to: from + 1n });
      if (page.length < PAGE) lines.push(...page);
      else lines.push(...(await this.#queryInstant(logql, from, longer)));
    }
    return lines;
  }

  async #readPage(logql: string, { from, to }: Required<TimeRange>): Promise<LokiLine[]> {
    const streams = (await this.#get('query_range', {
      query: logql,
      direction: 'forward',
      limit: String(PAGE),
      start: String(from),
      end: String(to),
    })) as RawStream[];
    return streams
      .flatMap(toLines)
      .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  }

  async #get(path: string, parameters: Record<string, string>): Promise<unknown> {
    const query = new URLSearchParams(parameters);
    const response = await fetch(`${this.url}/loki/api/v1/${path}?${query.toString()}`, {
      // Without it Loki mixes structured metadata into the labels.
      headers: { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' },
    });
    if (!response.ok) throw new Error(`loki: ${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as { data: unknown };
    return Array.isArray(data) || data === undefined ? data : (data as { result: unknown }).result;
  }
}

interface RawStream {
  readonly stream: Record<string, string>;
  readonly values: [
    time: string,
    line: string,
    rest?: { structuredMetadata?: Record<string, string>; parsed?: Record<string, string> },
  ][];
}

function toLines({ stream, values }: RawStream): LokiLine[] {
  return values.map(([time, line, rest]) => ({
    time: BigInt(time),
    line,
    labels: stream,
    metadata: rest?.structuredMetadata ?? {},
    parsed: rest?.parsed ?? {},
  }));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
