import type { Agent } from 'node:http';
import type { Signal } from './signal.ts';

export type Protocol = 'http/json' | 'http/protobuf';

/** What is passed on as it lies on disk: see docs/decisions/0006-sending.md. */
export const DEFAULT_PROTOCOL: Protocol = 'http/json';
/** As the specification of the OTLP exporter has it. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Where and how one signal is sent. */
export interface SignalSettings {
  readonly signal: Signal;
  readonly url: string;
  /** Whether nobody asked for this signal: its address was made of that of all signals. */
  readonly isImplied: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined`: the default, and the other one where the backend doesn't take it. */
  readonly protocol: Protocol | undefined;
  readonly compression: 'gzip' | 'none';
  /** How long one request may take. */
  readonly timeoutMs: number;
  /** Connections, with the certificates that were configured. */
  readonly createAgent: (protocol: string) => Agent | Promise<Agent>;
}

/** An OTLP backend. */
export interface OtlpSettings {
  readonly name: string;
  readonly signals: readonly SignalSettings[];
}

/** An address as people may see it: without credentials, and without the query, which may hold a token. */
export function toShownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** The address of a signal below a base endpoint; a query stays behind it. */
export function toSignalUrl(endpoint: string, path: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
  return url.href;
}
