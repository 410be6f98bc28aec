import { existsSync } from 'node:fs';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { DestinationError } from '../destination-error.ts';
import { toSignalUrl } from './settings.ts';
import type { OtlpSettings, Protocol, SignalSettings } from './settings.ts';
import { SIGNALS } from './signal.ts';
import type { Signal } from './signal.ts';

const PREFIX = 'OTEL_EXPORTER_OTLP_';
/** Ours, which no other program reads. */
export const OWN_ENDPOINT = 'STAGELIGHT_OTLP_ENDPOINT';
/** The name of the destination that the environment makes. */
export const ENVIRONMENT_NAME = 'otlp';

/**
 * The settings that the standard variables make, by the rules of the OTLP exporter's specification; `undefined` when they
 * name no address. The official package reads them: it looks at this process's (or thread's) own environment, which
 * `env` has to be. What it would pass over in silence is an error here.
 * @throws {DestinationError} when one of them can't be used
 */
export async function readEnvironment(env: NodeJS.ProcessEnv): Promise<OtlpSettings | undefined> {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const signals: SignalSettings[] = [];
  for (const signal of SIGNALS) {
    const place = findPlace(env, signal);
    if (place === undefined) continue;
    checkVariables(env, signal);
    signals.push({ signal, ...place, ...(await readShared(env, { signal, place })) });
  }
  return signals.length === 0 ? undefined : { name: ENVIRONMENT_NAME, signals };
}

type Place = Pick<SignalSettings, 'url' | 'isImplied'>;

/** Where a signal goes. Only to an address that somebody has named: nobody has a Collector by default. */
function findPlace(env: NodeJS.ProcessEnv, signal: Signal): Place | undefined {
  const exporter = env[`OTEL_${signal.variable}_EXPORTER`]?.trim().toLowerCase();
  if (exporter === 'none') return undefined;
  const own = env[OWN_ENDPOINT]?.trim();
  if (own) return { url: toSignalUrl(checkUrl(OWN_ENDPOINT, own), signal.path), isImplied: true };
  const ofSignal = `${PREFIX}${signal.variable}_ENDPOINT`;
  const specific = env[ofSignal]?.trim();
  if (specific) return { url: new URL(checkUrl(ofSignal, specific)).href, isImplied: false };
  const general = env[`${PREFIX}ENDPOINT`]?.trim();
  if (!general) return undefined;
  return { url: toSignalUrl(checkUrl(`${PREFIX}ENDPOINT`, general), signal.path), isImplied: true };
}

async function readShared(
  env: NodeJS.ProcessEnv,
  { signal, place }: { signal: Signal; place: Place },
): Promise<Omit<SignalSettings, 'signal' | keyof Place>> {
  const read = convertLegacyHttpOptions({ url: place.url }, signal.variable, signal.path, {});
  return {
    // Headers belong to the address that they are set for: they never go to another one.
    headers: isOwnBesideOthers(env) ? {} : await read.headers(),
    protocol: findVariable(env, { signal, what: 'PROTOCOL' })?.value as Protocol | undefined,
    compression: read.compression,
    timeoutMs: read.timeoutMillis,
    createAgent: read.agentFactory,
  };
}

/** Whether our own variable stands beside standard ones that name another address. */
function isOwnBesideOthers(env: NodeJS.ProcessEnv): boolean {
  return (
    Boolean(env[OWN_ENDPOINT]?.trim()) &&
    ['', ...SIGNALS.map(({ variable }) => `${variable}_`)].some((part) =>
      env[`${PREFIX}${part}ENDPOINT`]?.trim(),
    )
  );
}

function checkUrl(name: string, text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : undefined;
  if (protocol === 'http:' || protocol === 'https:') return text;
  throw new DestinationError(
    `${name} isn't an address of HTTP`,
    'expected one such as http://localhost:4318',
  );
}

/** A variable of a signal's own, else the one for all. */
function findVariable(
  env: NodeJS.ProcessEnv,
  { signal, what }: { signal: Signal; what: string },
): { readonly name: string; readonly value: string } | undefined {
  for (const name of [`${PREFIX}${signal.variable}_${what}`, `${PREFIX}${what}`]) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}

function checkVariables(env: NodeJS.ProcessEnv, signal: Signal): void {
  const refuse = (what: string, isRight: (value: string) => boolean, expected: string): void => {
    const variable = findVariable(env, { signal, what });
    if (variable === undefined || isRight(variable.value)) return;
    throw new DestinationError(`${variable.name}=${variable.value} can't be used`, expected);
  };
  refuse(
    'PROTOCOL',
    (value) => value === 'http/json' || value === 'http/protobuf',
    'only HTTP is spoken: set it to http/protobuf or http/json, and give the address of the HTTP port, 4318 as a rule, instead of 4317',
  );
  refuse('COMPRESSION', (value) => value === 'gzip' || value === 'none', 'expected gzip or none');
  refuse('TIMEOUT', (value) => Number(value) > 0, 'expected a number of milliseconds');
  for (const what of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) {
    refuse(what, existsSync, 'there is no such file');
  }
}
