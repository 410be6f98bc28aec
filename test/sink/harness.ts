import type { ServerResponse } from 'node:http';
import { createDestinations } from '../../src/sink/registry.ts';
import { DEFAULT_CONFIG } from '../../src/config/defaults.ts';
import type { Config } from '../../src/config/sections.ts';
import type { Destination } from '../../src/sink/destination.ts';
import { readItems } from '../support/otlp-server.ts';
import { answerAsMlflow, readMlflowKeys } from './mlflow-backend.ts';
import type { OtlpRequest } from '../support/otlp-server.ts';

/** What the conformance suite has to know of a kind of destination. */
export interface Harness {
  /** As in the registry. */
  readonly kind: string;
  /** The configuration that has one of it at an address, with requests that take no more than `timeoutMs`. */
  configure(url: string, timeoutMs: number): Partial<Config>;
  /** Answers a request as a healthy backend does. */
  answer(request: OtlpRequest, response: ServerResponse): void;
  /** What a request brings, as keys that are the same whenever the same things are brought. */
  readKeys(request: OtlpRequest): string[];
  /** The keys of all of a run. */
  toKeys(run: { readonly uids: readonly string[]; readonly spanIds: readonly string[] }): string[];
}

/** Of each kind in the registry one. */
export const HARNESSES: readonly Harness[] = [
  {
    kind: 'otlp',
    configure: (url, timeout) => ({ export: { backend: { endpoint: url, timeout } } }),
    answer: (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    readKeys: ({ body }) => readItems(body).map(({ uid, spanId }) => uid ?? spanId!),
    toKeys: ({ uids, spanIds }) => [...uids, ...spanIds],
  },
  {
    kind: 'mlflow',
    configure: (url, timeoutMs) => ({
      mlflow: { ...DEFAULT_CONFIG.mlflow, tracking_uri: url, request_timeout: timeoutMs / 1000 },
    }),
    answer: answerAsMlflow,
    readKeys: readMlflowKeys,
    toKeys: ({ uids, spanIds }) => [...uids, ...spanIds],
  },
];

/** The one destination that a harness configures. */
export async function createDestination(
  harness: Harness,
  place: { readonly url: string; readonly timeoutMs: number },
): Promise<Destination> {
  const config: Config = { ...DEFAULT_CONFIG, ...harness.configure(place.url, place.timeoutMs) };
  const [destination] = await createDestinations({ config, env: {}, folder: '/' }, (fault) => {
    throw fault;
  });
  return destination!;
}
