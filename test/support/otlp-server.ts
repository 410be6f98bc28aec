import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A request as an OTLP backend gets it, decompressed. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** How many came before it. */
  readonly index: number;
}

/** What to do with a request: answer it, or do worse. `undefined`: take it. */
export type Behaviour = (
  request: OtlpRequest,
  response: ServerResponse,
) => boolean | Promise<boolean>;

/** A real HTTP server that speaks OTLP/JSON, and misbehaves as it is told to. */
export class OtlpServer {
  readonly #server: Server;
  /** Called for each request; gives whether the items count as received and 200 is answered. */
  behave: Behaviour = () => true;
  readonly requests: OtlpRequest[] = [];
  /** The uids of log records that were accepted, in their order. */
  readonly uids: string[] = [];
  /** The IDs of spans that were accepted. */
  readonly spanIds: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(port = 0): Promise<OtlpServer> {
    const server = new OtlpServer();
    await new Promise<void>((resolve) => server.#server.listen(port, '127.0.0.1', resolve));
    onTestFinished(async () => server.stop());
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      return; // hung up
    }
    const raw = Buffer.concat(pieces);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const taken: OtlpRequest = {
      path: request.url ?? '',
      headers: request.headers,
      body,
      index: this.requests.length,
    };
    this.requests.push(taken);
    if (!(await this.behave(taken, response))) return;
    this.accept(taken);
    if (response.writableEnded || response.destroyed) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  /** Counts what is in a request as received. */
  accept({ body }: OtlpRequest): void {
    const items = readItems(body);
    this.uids.push(...items.map(({ uid }) => uid).filter((uid) => uid !== undefined));
    this.spanIds.push(...items.map(({ spanId }) => spanId).filter((id) => id !== undefined));
  }
}

interface Envelope {
  readonly resourceLogs?: readonly { scopeLogs: readonly { logRecords: readonly LogItem[] }[] }[];
  readonly resourceSpans?: readonly {
    scopeSpans: readonly { spans: readonly { spanId: string }[] }[];
  }[];
}

interface LogItem {
  readonly attributes: readonly { key: string; value: { stringValue?: string } }[];
}

/** The uids of an envelope's log records, and the IDs of its spans. */
export function readItems(body: Buffer): { uid?: string; spanId?: string }[] {
  const envelope = JSON.parse(body.toString('utf8')) as Envelope;
  const logs = (envelope.resourceLogs ?? []).flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ attributes }) => ({
        uid: attributes.find(({ key }) => key === 'log.record.uid')!.value.stringValue!,
      })),
    ),
  );
  const spans = (envelope.resourceSpans ?? []).flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans: each }) => each.map(({ spanId }) => ({ spanId }))),
  );
  return [...logs, ...spans];
}
