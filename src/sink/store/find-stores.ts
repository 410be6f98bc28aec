import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DestinationContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { FileStore } from './files.ts';
import { JaegerStore } from './jaeger.ts';
import { LokiStore } from './loki.ts';
import type { Store } from './store.ts';
import { TempoStore } from './tempo.ts';

interface StoreKind {
  readonly kind: 'jaeger' | 'loki' | 'tempo';
  readonly create: (address: string) => Store;
  /** The port of its API, and a path that it answers. */
  readonly port: number;
  readonly path: string;
}

const KINDS: readonly StoreKind[] = [
  { kind: 'jaeger', create: (url) => new JaegerStore(url), port: 16686, path: '/api/services' },
  { kind: 'loki', create: (url) => new LokiStore(url), port: 3100, path: '/loki/api/v1/labels' },
  { kind: 'tempo', create: (url) => new TempoStore(url), port: 3200, path: '/api/echo' },
];

/** Where a Collector with our configuration keeps its files (`collector-config/agent.yaml`). */
const COLLECTOR_FILES = 'collector-data/runs';
const LOOK_MS = 1000;

/**
 * The stores to be asked: those of the configuration's `verify`; without any, those that answer at their usual ports on
 * the hosts that runs are sent to, and the Collector's files where they usually lie.
 */
export async function findStores(
  { config, folder }: DestinationContext,
  destinations: readonly Destination[],
): Promise<readonly Store[]> {
  const { files } = config.verify;
  const named = [
    ...(files === undefined ? [] : [new FileStore(resolve(folder, files))]),
    ...KINDS.flatMap(({ kind, create }) => {
      const address = config.verify[kind];
      return address === undefined ? [] : [create(address)];
    }),
  ];
  return named.length > 0 ? named : discover(folder, destinations);
}

async function discover(
  folder: string,
  destinations: readonly Destination[],
): Promise<readonly Store[]> {
  const hosts = new Set(destinations.flatMap(({ address }) => toHosts(address)));
  const asked = [...hosts].flatMap((host) =>
    KINDS.map(async ({ create, port, path }) => {
      const address = `http://${host}:${port}`;
      return (await isThere(`${address}${path}`)) ? [create(address)] : [];
    }),
  );
  const files = join(folder, COLLECTOR_FILES);
  const found = (await Promise.all(asked)).flat();
  return [...(existsSync(files) ? [new FileStore(files)] : []), ...found];
}

function toHosts(address: string): string[] {
  return address
    .split(', ')
    .filter((each) => URL.canParse(each))
    .map((each) => new URL(each).hostname);
}

async function isThere(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LOOK_MS), redirect: 'manual' });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
