import { decodeProtobuf } from '../../otlp/protobuf/decode.ts';
import { RPC_STATUS } from '../../otlp/protobuf/schema.ts';
import type { Message } from '../../otlp/protobuf/schema.ts';
import { isClientRefused } from '../tls-fault.ts';
import type { Answer } from './http-client.ts';
import type { Signal } from './signal.ts';

/** What an answer means for what was sent. */
export type Verdict =
  /** It is there. Of a partial success, how many items aren't, and why. */
  | { readonly type: 'accepted'; readonly rejectedCount: number; readonly message: string }
  /** Something in it won't ever be taken, or it is too much at once: to be tried in smaller pieces. */
  | { readonly type: 'refused'; readonly status: number; readonly reason: string }
  /** To be tried again. `isPerhapsContent`: unless it is something in it that brings the backend down. */
  | {
      readonly type: 'later';
      readonly afterMs: number | undefined;
      readonly reason: string;
      readonly isPerhapsContent: boolean;
      /** Whether it was the backend that said so, to which it may have been too much at once. */
      readonly isAnswered: boolean;
    }
  /** It speaks the other protocol only. */
  | { readonly type: 'other-protocol'; readonly reason: string }
  /** Nothing will be taken as things are. `isMissing`: there is nothing at this address. */
  | { readonly type: 'blocked'; readonly reason: string; readonly isMissing: boolean };

/** The statuses after which the OTLP specification has a client try again. */
const RETRYABLE: readonly number[] = [429, 502, 503, 504];
/** Statuses about what was sent: it can't be read, it is too large. */
const ABOUT_CONTENT: readonly number[] = [400, 413, 422];
/** Statuses that say that there is no such signal here. */
const MISSING: readonly number[] = [404, 405, 501];
/** A `Retry-After` beyond it is a mistake. */
const MAX_RETRY_AFTER_MS = 24 * 3600 * 1000;
const MAX_WORDS = 300;

const WHAT_TO_DO: Readonly<Record<number, string>> = {
  401: 'check the token or key in its headers',
  403: 'check the token or key in its headers, and what it may do',
  404: 'check the path of the address',
  405: 'check the path of the address',
  407: 'a proxy wants credentials',
  415: 'set another protocol: http/json or http/protobuf',
};

/** Reads an answer. What isn't said to be final is tried again: nothing is given up because of a fault in between. */
export function toVerdict(answer: Answer, signal: Signal): Verdict {
  if (answer.type === 'failed') return toFailure(answer);
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return toAccepted(answer, signal);
  const reason = describe(answer);
  if (ABOUT_CONTENT.includes(status)) return { type: 'refused', status, reason };
  if (status === 415) return { type: 'other-protocol', reason };
  if (RETRYABLE.includes(status)) {
    const afterMs = parseRetryAfter(headers['retry-after'], Date.now());
    return { type: 'later', afterMs, reason, isPerhapsContent: false, isAnswered: true };
  }
  if (status >= 300 && status < 400) return toRedirected(answer);
  if (MISSING.includes(status) || (status >= 400 && status < 500 && status !== 408)) {
    return { type: 'blocked', reason, isMissing: MISSING.includes(status) };
  }
  return {
    type: 'later',
    afterMs: undefined,
    reason,
    isPerhapsContent: status === 500,
    isAnswered: true,
  };
}

/** Faults of TLS don't pass by themselves; all others of a connection may. */
function toFailure({ code, message }: Answer & { type: 'failed' }): Verdict {
  if (/CERT|SELF_SIGNED|ISSUER|^ERR_TLS|^ERR_SSL|^EPROTO/.test(code)) {
    const advice = isClientRefused(code)
      ? "it wants a client's certificate that it trusts: check client_certificate and client_key, or the OTEL_EXPORTER_OTLP_CLIENT_ variables"
      : 'check the address, and the certificate that it is to be trusted by';
    const reason = `${message} (${code}): ${advice}`;
    return { type: 'blocked', reason, isMissing: false };
  }
  const reason = code.startsWith('HPE_')
    ? `no HTTP comes back (${message}): the address may be that of a gRPC port, as 4317 is; HTTP is at 4318 as a rule`
    : message;
  return {
    type: 'later',
    afterMs: undefined,
    reason,
    isPerhapsContent: false,
    isAnswered: false,
  };
}

function toRedirected(answer: Answer & { type: 'answered' }): Verdict {
  const target = answer.headers.location ?? '';
  const isUrl = URL.canParse(target);
  const to = isUrl ? ` to ${new URL(target).origin}${new URL(target).pathname}` : '';
  const reason = `${answer.status}: it sends us on${to}; put the address behind it into the configuration`;
  return { type: 'blocked', reason, isMissing: false };
}

function toAccepted(answer: Answer & { type: 'answered' }, signal: Signal): Verdict {
  const { count, message } = parsePartialSuccess(answer, signal);
  return { type: 'accepted', rejectedCount: count, message: shorten(message) };
}

/** The answer's `partial_success`, in either encoding. What can't be read says nothing. */
function parsePartialSuccess(
  { headers, body }: Answer & { type: 'answered' },
  signal: Signal,
): { count: number; message: string } {
  const { partialSuccess } = parseBody(body, {
    contentType: headers['content-type'] ?? '',
    schema: signal.response,
  }) as { partialSuccess?: Record<string, unknown> };
  const { [signal.rejected]: rejected, errorMessage } = partialSuccess ?? {};
  return {
    count: Math.max(0, Number(rejected) || 0),
    message: typeof errorMessage === 'string' ? errorMessage : '',
  };
}

/** An answer as JSON, whatever it came as; an empty object when it can't be read. */
function parseBody(
  body: Buffer,
  { contentType, schema }: { contentType: string; schema: Message },
): Record<string, unknown> {
  try {
    if (!/json/i.test(contentType)) return decodeProtobuf(body, schema);
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Milliseconds from seconds or a date; `undefined` for neither. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** The status and the backend's words. */
function describe({ status, body, headers }: Answer & { type: 'answered' }): string {
  const words = shorten(toWords(body, headers['content-type'] ?? ''));
  const hint = WHAT_TO_DO[status];
  return [String(status), words, hint === undefined ? '' : `(${hint})`].filter(Boolean).join(' ');
}

/** A `google.rpc.Status` has its message in `message`; others answer with text, or a page. */
function toWords(body: Buffer, contentType: string): string {
  if (/html/i.test(contentType)) return '';
  const text = body.toString('utf8');
  if (!/json|protobuf|octet-stream/i.test(contentType)) return text;
  const { message, error } = parseBody(body, { contentType, schema: RPC_STATUS });
  const words = message ?? error;
  if (typeof words === 'string') return words;
  return /json/i.test(contentType) ? text : '';
}

function shorten(text: string): string {
  const line = text.replace(/[\u0000-\u0020\u007f]+/g, ' ').trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}
