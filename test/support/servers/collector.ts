import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRecords, readSpans } from '../../../src/spool/signal-reader.ts';
import type { StoredRecord, StoredSpan } from '../../../src/spool/signal-reader.ts';
import { findFreePort } from './free-port.ts';
import { ServerProcess, fetchStatus } from './server-process.ts';

const CONFIG = fileURLToPath(new URL('../../peers/otelcol/config.yaml', import.meta.url));

export interface CollectorOptions {
  /** `OTELCOL_DIR`: for its files; made where it isn't there. */
  readonly dir: string;
  /** Configuration files, merged in this order; by default the smallest one: OTLP to files. */
  readonly configs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The OpenTelemetry Collector. Its OTLP/HTTP port is in `OTELCOL_OTLP_PORT`, for the configuration. */
export class Collector extends ServerProcess {
  /** For OTLP/HTTP: `/v1/logs` and `/v1/traces` are below it. */
  readonly otlpUrl: string;
  readonly dir: string;

  private constructor(options: CollectorOptions, port: number) {
    const { dir, configs = [CONFIG], env } = options;
    const otlpUrl = `http://127.0.0.1:${port}`;
    mkdirSync(dir, { recursive: true });
    super({
      program: 'otelcol',
      args: configs.flatMap((config) => ['--config', config]),
      cwd: dir,
      env: { OTELCOL_DIR: dir, OTELCOL_OTLP_PORT: String(port), ...env },
      isReady: async () => (await fetchStatus(`${otlpUrl}/v1/traces`)) === 405,
    });
    this.otlpUrl = otlpUrl;
    this.dir = dir;
  }

  /** On a free port, not started yet. */
  static async create(options: CollectorOptions): Promise<Collector> {
    return new Collector({ ...options, dir: join(options.dir, 'otelcol') }, await findFreePort());
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
