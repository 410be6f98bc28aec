import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { httpAgentFactoryFromOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import type { Config } from '../../config/sections.ts';
import { DestinationError } from '../destination-error.ts';
import { DEFAULT_TIMEOUT_MS, toSignalUrl } from './settings.ts';
import type { OtlpSettings, SignalSettings } from './settings.ts';
import { SIGNALS } from './signal.ts';
import type { Signal } from './signal.ts';

type ExportConfig = Config['export'][string];

/**
 * The settings of a destination in the configuration's `export`.
 * @throws {DestinationError} when it has no address, or a certificate can't be read
 */
export function readExportConfig(
  name: string,
  { config, folder }: { readonly config: ExportConfig; readonly folder: string },
): OtlpSettings {
  const shared = {
    headers: config.headers ?? {},
    protocol: config.protocol,
    compression: config.compression ?? 'none',
    timeoutMs: config.timeout ?? DEFAULT_TIMEOUT_MS,
    createAgent: httpAgentFactoryFromOptions({
      keepAlive: true,
      ca: readPem('certificate', config.certificate),
      cert: readPem('client_certificate', config.client_certificate),
      key: readPem('client_key', config.client_key),
    }),
  };
  const signals = SIGNALS.flatMap((signal): SignalSettings[] => {
    const place = toPlace(signal, config);
    return place === undefined ? [] : [{ signal, ...place, ...shared }];
  });
  if (signals.length > 0) return { name, signals };
  throw new DestinationError(
    `export.${name} has no address to send to`,
    `say where: export: {${name}: {endpoint: http://localhost:4318}}`,
  );

  function readPem(key: string, path: string | undefined): Buffer | undefined {
    if (path === undefined) return undefined;
    try {
      return readFileSync(resolve(folder, path));
    } catch (error) {
      throw new DestinationError(
        `export.${name}.${key} can't be read: ${(error as Error).message}`,
      );
    }
  }
}

function toPlace(
  signal: Signal,
  config: ExportConfig,
): Pick<SignalSettings, 'url' | 'isImplied'> | undefined {
  const own = config[`${signal.name}_endpoint`];
  const isAsked = config.signals?.includes(signal.name);
  if (isAsked === false) return undefined;
  if (own !== undefined) return { url: new URL(own).href, isImplied: false };
  if (config.endpoint === undefined) return undefined;
  return { url: toSignalUrl(config.endpoint, signal.path), isImplied: isAsked !== true };
}
