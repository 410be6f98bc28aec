import { fileURLToPath } from 'node:url';
import { findFreePort } from './free-port.ts';
import { ServerProcess, fetchStatus } from './server-process.ts';

const CONFIG = fileURLToPath(new URL('../../peers/jaeger/config.yaml', import.meta.url));

/** A span as Jaeger's `/api/traces` gives it. */
export interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly parentSpanID: string | undefined;
  /** Microseconds since 1970. */
  readonly startTime: number;
  /** Microseconds. */
  readonly duration: number;
  readonly tags: Readonly<Record<string, unknown>>;
  readonly references: readonly { refType: string; traceID: string; spanID: string }[];
  /** Span events: their fields, the name under `event`. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  readonly warnings: readonly string[];
  /** The attributes of its resource, `service.name` among them. */
  readonly process: Readonly<Record<string, unknown>>;
}

/** Jaeger with its spans in memory: what it had is gone when it is started again. */
export class Jaeger extends ServerProcess {
  /** For OTLP/HTTP: `/v1/traces` is below it. */
  readonly otlpUrl: string;
  /** For its query API. */
  readonly url: string;

  private constructor(ports: { otlp: number; query: number }, config: string) {
    const otlpUrl = `http://127.0.0.1:${ports.otlp}`;
    super({
      program: 'jaeger',
      args: ['--config', config],
      env: { JAEGER_OTLP_PORT: String(ports.otlp), JAEGER_QUERY_PORT: String(ports.query) },
      isReady: async () => (await fetchStatus(`${otlpUrl}/v1/traces`)) === 405,
    });
    this.otlpUrl = otlpUrl;
    this.url = `http://127.0.0.1:${ports.query}`;
  }

  /** On free ports, not started yet. */
  static async create(config = CONFIG): Promise<Jaeger> {
    return new Jaeger({ otlp: await findFreePort(), query: await findFreePort() }, config);
  }

  /** The spans of a trace; none when it doesn't know it. */
  async readTrace(traceId: string): Promise<JaegerSpan[]> {
    const response = await fetch(`${this.url}/api/traces/${traceId}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`jaeger: ${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as { data: RawTrace[] };
    return data.flatMap(({ spans, processes }) =>
      spans.map((span) => toSpan(span, processes[span.processID]!)),
    );
  }

  /** A trace as OTLP/JSON, by the stable API. `undefined` when it doesn't know it. */
  async readOtlp(traceId: string): Promise<{ resourceSpans: unknown[] } | undefined> {
    const response = await fetch(`${this.url}/api/v3/traces/${traceId}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`jaeger: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { result: { resourceSpans: unknown[] } }).result;
  }
}

interface RawTag {
  readonly key: string;
  readonly value: unknown;
}

interface RawTrace {
  readonly spans: (Omit<JaegerSpan, 'tags' | 'logs' | 'process' | 'parentSpanID'> & {
    readonly processID: string;
    readonly tags: RawTag[];
    readonly logs: { timestamp: number; fields: RawTag[] }[];
  })[];
  readonly processes: Record<string, { serviceName: string; tags: RawTag[] }>;
}

function toSpan(
  { processID: _processID, tags, logs, warnings, ...span }: RawTrace['spans'][number],
  process: RawTrace['processes'][string],
): JaegerSpan {
  const parent = span.references.find(({ refType }) => refType === 'CHILD_OF');
  return {
    ...span,
    parentSpanID: parent?.spanID,
    tags: toRecord(tags),
    logs: logs.map(({ timestamp, fields }) => ({ timestamp, ...toRecord(fields) })),
    warnings: warnings ?? [],
    process: { 'service.name': process.serviceName, ...toRecord(process.tags) },
  };
}

function toRecord(tags: readonly RawTag[]): Record<string, unknown> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}
