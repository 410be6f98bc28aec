import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRecords, readSpans } from '../../../src/spool/signal-reader.ts';
import type { StoredRecord, StoredSpan } from '../../../src/spool/signal-reader.ts';
import { findFreePort } from './free-port.ts';
import { ServerProcess, fetchStatus } from './server-process.ts';

/** The Collector that this project ships: OTLP to files, Jaeger, Loki, Tempo, MLflow. */
export const AGENT = fileURLToPath(
  new URL('../../../collector-config/agent.yaml', import.meta.url),
);
const CONFIG = fileURLToPath(new URL('../../peers/otelcol/config.yaml', import.meta.url));

export interface CollectorOptions {
  /** For its files. */
  readonly dir: string;
  /** Configuration files, merged in this order; by default the smallest one: OTLP to files. */
  readonly configs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The OpenTelemetry Collector. Its folder and ports are in the variables that the configurations read. */
export class Collector extends ServerProcess {
  /** For OTLP/HTTP: `/v1/logs` and `/v1/traces` are below it. */
  readonly otlpUrl: string;
  readonly dir: string;

  private constructor(
    options: CollectorOptions,
    ports: { http: number; grpc: number; health: number },
  ) {
    const { dir, configs = [CONFIG], env } = options;
    const otlpUrl = `http://127.0.0.1:${ports.http}`;
    mkdirSync(dir, { recursive: true });
    super({
      program: 'otelcol',
      args: configs.flatMap((config) => ['--config', config]),
      cwd: dir,
      env: {
        OTELCOL_DIR: dir,
        OTELCOL_OTLP_PORT: String(ports.http),
        STAGELIGHT_COLLECTOR_DIR: dir,
        STAGELIGHT_COLLECTOR_HTTP: `127.0.0.1:${ports.http}`,
        STAGELIGHT_COLLECTOR_GRPC: `127.0.0.1:${ports.grpc}`,
        STAGELIGHT_COLLECTOR_HEALTH: `127.0.0.1:${ports.health}`,
        ...env,
      },
      isReady: async () => (await fetchStatus(`${otlpUrl}/v1/traces`)) === 405,
    });
    this.otlpUrl = otlpUrl;
    this.dir = dir;
  }

  /** On free ports, not started yet. */
  static async create(options: CollectorOptions): Promise<Collector> {
    const ports = {
      http: await findFreePort(),
      grpc: await findFreePort(),
      health: await findFreePort(),
    };
    return new Collector({ ...options, dir: join(options.dir, 'otelcol') }, ports);
  }

  /** The log records in all files below `dir` (or a folder in it) whose name begins with `logs`. */
  readRecords(folder = ''): StoredRecord[] {
    return this.#files(folder, 'logs').flatMap((path) => [...readRecords(path)]);
  }

  /** The spans in all files below `dir` (or a folder in it) whose name begins with `traces`. */
  readSpans(folder = ''): StoredSpan[] {
    return this.#files(folder, 'traces').flatMap((path) => [...readSpans(path)]);
  }

  #files(folder: string, start: string): string[] {
    const root = join(this.dir, folder);
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter(
        (entry) => entry.isFile() && entry.name.startsWith(start) && entry.name.endsWith('.jsonl'),
      )
      .map((entry) => join(entry.parentPath, entry.name));
  }
}
