import { request as requestHttp } from 'node:http';
import type { Agent, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { VERSION } from '../../model/version.ts';

/** What became of a request. */
export type Answer =
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      /** Of a long or torn answer its beginning. */
      readonly body: Buffer;
    }
  /** No answer came: whether the request was taken is unknown. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

export interface HttpClientOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMs: number;
  readonly createAgent: (protocol: string) => Agent | Promise<Agent>;
}

/** Nobody says more that is worth keeping. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Repetitive text: level 1 takes a third of the time of 6 (bench/ship.mjs). */
const GZIP = { level: 1 };
const compress = promisify<Buffer, typeof GZIP, Buffer>(gzip);

/** Posts bodies to one address, over connections that are kept. Doesn't follow redirects: credentials stay where they belong. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #agent: Agent | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Posts a body that lies in several pieces. Never rejects. */
  async post(
    pieces: readonly Buffer[],
    { contentType, signal }: { readonly contentType: string; readonly signal: AbortSignal },
  ): Promise<Answer> {
    try {
      this.#agent ??= await this.#options.createAgent(new URL(this.#options.url).protocol);
      const isCompressed = this.#options.compression === 'gzip';
      const body = isCompressed ? [await compress(Buffer.concat(pieces), GZIP)] : pieces;
      const headers = this.#toHeaders({ body, contentType, isCompressed });
      const first = await this.#exchange(body, { headers, signal });
      // A kept connection that the other side has closed meanwhile says nothing about it.
      return first.isStale
        ? (await this.#exchange(body, { headers, signal })).answer
        : first.answer;
    } catch (error) {
      return toFailed(error);
    }
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  #toHeaders(sent: {
    body: readonly Buffer[];
    contentType: string;
    isCompressed: boolean;
  }): OutgoingHttpHeaders {
    return {
      'user-agent': `stagelight/${VERSION}`,
      ...this.#options.headers,
      'content-type': sent.contentType,
      'content-length': sent.body.reduce((sum, piece) => sum + piece.length, 0),
      ...(sent.isCompressed && { 'content-encoding': 'gzip' }),
    };
  }

  async #exchange(
    body: readonly Buffer[],
    { headers, signal }: { headers: OutgoingHttpHeaders; signal: AbortSignal },
  ): Promise<{ answer: Answer; isStale: boolean }> {
    const { url, timeoutMs } = this.#options;
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    return new Promise((resolve) => {
      const call = request(url, { method: 'POST', headers, agent: this.#agent, signal });
      const timer = setTimeout(
        () => call.destroy(new TimeoutError(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      const end = (answer: Answer, isStale = false): void => {
        clearTimeout(timer);
        resolve({ answer, isStale });
      };
      call.on('error', (error: NodeJS.ErrnoException) =>
        end(toFailed(error), call.reusedSocket && error.code === 'ECONNRESET'),
      );
      call.on('response', (response) => collect(response, end));
      call.cork();
      for (const piece of body) call.write(piece);
      call.end();
      call.uncork();
    });
  }
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Reads an answer. One that breaks off says by its status what became of the request all the same. */
function collect(response: IncomingMessage, end: (answer: Answer) => void): void {
  const { statusCode = 0, headers } = response;
  const pieces: Buffer[] = [];
  let length = 0;
  const finish = (): void =>
    end({
      type: 'answered',
      status: statusCode,
      headers,
      body: Buffer.concat(pieces).subarray(0, MAX_ANSWER_BYTES),
    });
  response.on('data', (piece: Buffer) => {
    if (length < MAX_ANSWER_BYTES) pieces.push(piece);
    length += piece.length;
    if (length > MAX_ANSWER_BYTES * 16) response.destroy();
  });
  response.on('end', finish);
  response.on('error', finish);
  response.on('close', finish);
}

function toFailed(error: unknown): Answer {
  const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException;
  // Of several addresses that were tried (localhost by IPv6 and IPv4) the message is empty.
  const inner = (error as AggregateError).errors as readonly Error[] | undefined;
  return { type: 'failed', code, message: message || (inner?.[0]?.message ?? code) };
}
