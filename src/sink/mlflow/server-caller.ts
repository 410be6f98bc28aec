import type { Artifact, CallOptions, Endpoint, MlflowCaller, SpanExport } from './api.ts';
import { DirectArtifacts } from './direct-artifacts.ts';
import type { PythonPlace } from './direct-artifacts.ts';
import { HttpTransport } from './http-transport.ts';
import type { HttpRequest } from './http-transport.ts';
import { MlflowError } from './mlflow-error.ts';
import type { MlflowStore } from './settings.ts';
import { toAnswerError } from './answer-error.ts';

const READ_BY_GET: ReadonlySet<Endpoint> = new Set([
  'experiments/get-by-name',
  'experiments/get',
  'runs/get',
]);

/** A tracking server, over its REST API. */
export class ServerCaller implements MlflowCaller {
  readonly place: string;
  readonly #transport: HttpTransport;
  readonly #toDirect: () => DirectArtifacts;
  #direct: DirectArtifacts | undefined;

  /** @throws {MlflowError} when a certificate can't be read. */
  constructor(
    store: Extract<MlflowStore, { type: 'server' }>,
    options: PythonPlace & { readonly maxInFlight: number; readonly timeoutMs: number },
  ) {
    const { maxInFlight: maxSockets, timeoutMs } = options;
    this.place = store.url;
    this.#transport = new HttpTransport({ ...store, timeoutMs, maxSockets });
    this.#toDirect = () => new DirectArtifacts(store, options);
  }

  get webUrl(): string {
    return this.place;
  }

  async call(endpoint: Endpoint, body: object, options?: CallOptions): Promise<unknown> {
    const path = `/api/2.0/mlflow/${endpoint}`;
    const request: HttpRequest = READ_BY_GET.has(endpoint)
      ? { method: 'GET', path: `${path}?${toQuery(body)}`, isRepeatable: true }
      : {
          method: 'POST',
          path,
          isRepeatable: !endpoint.endsWith('/create'),
          headers: { 'content-type': 'application/json' },
          body: Buffer.from(JSON.stringify(body)),
        };
    const answer = await this.#send(request, options);
    try {
      return JSON.parse(answer.toString('utf8') || '{}');
    } catch {
      throw new MlflowError(
        'blocked',
        `what answers at ${this.place} isn't MLflow: ${path} gave no JSON; is the tracking URI right?`,
      );
    }
  }

  async putArtifact({ run, path, body }: Artifact, options?: CallOptions): Promise<void> {
    const root = toProxyPath(run.artifactUri);
    if (root === undefined) {
      this.#direct ??= this.#toDirect();
      return this.#direct.put({ run, path, body }, options);
    }
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    await this.#send(
      {
        method: 'PUT',
        isRepeatable: true,
        path: `/api/2.0/mlflow-artifacts/artifacts/${root}/${encoded}`,
        headers: { 'content-type': 'application/octet-stream' },
        body,
      },
      options,
    );
  }

  readonly sendSpans = async (spans: SpanExport, options?: CallOptions): Promise<void> => {
    await this.#send(
      {
        method: 'POST',
        path: '/v1/traces',
        isRepeatable: true,
        headers: {
          'content-type': 'application/x-protobuf',
          'x-mlflow-experiment-id': spans.experimentId,
          'x-mlflow-run-id': spans.runId,
        },
        body: spans.body,
      },
      options,
    );
  };

  close(): void {
    this.#transport.close();
    this.#direct?.close();
  }

  async #send(request: HttpRequest, options: CallOptions = {}): Promise<Buffer> {
    const answer = await this.#transport.send({ ...request, signal: options.signal });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw toAnswerError(answer, { place: this.place, path: request.path });
  }
}

function toQuery(body: object): string {
  return new URLSearchParams(body as Record<string, string>).toString();
}

/** The path behind the artifact proxy: `mlflow-artifacts:/1/<run>/artifacts`, with a host in it or not. */
export function toProxyPath(artifactUri: string): string | undefined {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.+)$/.exec(artifactUri)?.[1];
  return path?.split('/').map(encodeURIComponent).join('/');
}
