import { createReadStream, readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { isClientRefused } from '../tls-fault.ts';
import { MlflowError } from './mlflow-error.ts';
import type { ServerAccess } from './settings.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** From the server's root: `/api/2.0/mlflow/runs/get?run_id=…`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | FileBody;
  readonly signal?: AbortSignal | undefined;
  /** Sent twice it does what it does once. */
  readonly isRepeatable: boolean;
}

/** The first bytes of a file: it may grow while they are sent. */
export interface FileBody {
  readonly path: string;
  readonly sizeBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A connection isn't used again after so long: MLflow's server closes it after 5 s without a word. */
const IDLE_MS = 4000;
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * Requests to one server, over few connections that stay open. Not `fetch`: it takes neither certificates nor
 * `MLFLOW_TRACKING_INSECURE_TLS` without a package.
 */
export class HttpTransport {
  readonly #url: string;
  readonly #authorization: string | undefined;
  readonly #agent: http.Agent;
  readonly #timeoutMs: number;

  /** @throws {MlflowError} when a certificate can't be read. */
  constructor(options: {
    readonly url: string;
    readonly access: ServerAccess;
    readonly maxSockets: number;
    readonly timeoutMs: number;
  }) {
    const { url, access, maxSockets } = options;
    this.#url = url;
    this.#authorization = access.authorization;
    this.#timeoutMs = options.timeoutMs;
    const common = { keepAlive: true, maxSockets, timeout: IDLE_MS };
    this.#agent = url.startsWith('https:')
      ? new https.Agent({ ...common, ...toTlsOptions(access) })
      : new http.Agent(common);
  }

  /**
   * Sends a request, and gives whatever the server answers.
   * @throws {MlflowError} `retry` when there is no answer.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    try {
      return await this.#sendOnce(request);
    } catch (error) {
      throw toTransportError(error as NodeJS.ErrnoException, this.#url);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #sendOnce(message: HttpRequest): Promise<HttpResponse> {
    const { method, path, headers, body, signal } = message;
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const request = (this.#url.startsWith('https:') ? https : http).request(this.#url + path, {
      method,
      agent: this.#agent,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      headers: {
        ...(this.#authorization !== undefined && { authorization: this.#authorization }),
        ...(body !== undefined && {
          'content-length': Buffer.isBuffer(body) ? body.length : body.sizeBytes,
        }),
        ...headers,
      },
    });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.on('response', resolve).on('error', reject);
    });
    // A server may answer, and close, before it has taken the whole of a body.
    void sendBody(request, body).catch((error: unknown) => request.destroy(error as Error));
    let response: http.IncomingMessage;
    try {
      response = await answered;
    } catch (error) {
      // Closed by the other side as it was taken up again: https://nodejs.org/api/http.html#requestreusedsocket
      const isStale =
        request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (isStale && message.isRepeatable) return this.#sendOnce(message);
      throw error;
    }
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await readBody(response),
    };
  }
}

async function sendBody(request: http.ClientRequest, body: HttpRequest['body']): Promise<void> {
  if (body === undefined || Buffer.isBuffer(body) || body.sizeBytes === 0) {
    request.end(Buffer.isBuffer(body) ? body : undefined);
  } else {
    await pipeline(createReadStream(body.path, { end: body.sizeBytes - 1 }), request);
  }
}

async function readBody(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`it answers with over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toTlsOptions(access: ServerAccess): https.AgentOptions {
  const { serverCertificatePath, clientCertificatePath, insecureTls } = access;
  const client = readCertificate(clientCertificatePath, 'MLFLOW_TRACKING_CLIENT_CERT_PATH');
  const ca = readCertificate(serverCertificatePath, 'MLFLOW_TRACKING_SERVER_CERT_PATH');
  return {
    rejectUnauthorized: !insecureTls,
    ...(ca !== undefined && { ca }),
    // One file with both, as MLflow has it.
    ...(client !== undefined && { cert: client, key: client }),
  };
}

function readCertificate(path: string | undefined, variable: string): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new MlflowError(
      'blocked',
      `can't read the certificate that ${variable} names: ${(error as Error).message}`,
    );
  }
}

const CERTIFICATE_CODE = /CERT|SELF_SIGNED|ISSUER|ALTNAME/;

function toTransportError(error: NodeJS.ErrnoException, url: string): MlflowError {
  if (error instanceof MlflowError) return error;
  const { name, code = '' } = error;
  if (name === 'TimeoutError' || (error.cause as Error | undefined)?.name === 'TimeoutError') {
    return new MlflowError('retry', `MLflow at ${url} doesn't answer in time`, { cause: error });
  }
  if (isClientRefused(code)) {
    return new MlflowError(
      'blocked',
      `MLflow at ${url} wants a client's certificate that it trusts (${code}): set MLFLOW_TRACKING_CLIENT_CERT_PATH to a file with one and its key`,
      { cause: error },
    );
  }
  if (CERTIFICATE_CODE.test(code)) {
    return new MlflowError(
      'blocked',
      `the certificate of MLflow at ${url} isn't trusted (${code}): name its authority in MLFLOW_TRACKING_SERVER_CERT_PATH`,
      { cause: error },
    );
  }
  const what = code === 'ECONNREFUSED' ? 'nothing listens there' : code || error.message;
  return new MlflowError('retry', `can't reach MLflow at ${url}: ${what}`, { cause: error });
}
