import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from '../../spool/layout.ts';
import { readLines } from '../../spool/signal-reader.ts';
import { readItems } from '../item-key.ts';
import type { SignalName } from '../../otlp/signal.ts';
import type { Store, StoreQuestion } from './store.ts';

/** Files that a Collector writes: a folder for each run, or flat ones in which runs lie side by side. */
export class FileStore implements Store {
  readonly kind = 'files';
  readonly address: string;

  /** @param folder of the files, or of the folders that have the runs' IDs as names */
  constructor(folder: string) {
    this.address = folder;
  }

  /** Metrics only where it has any run's: not every Collector has a pipeline for them. */
  get signals(): readonly SignalName[] {
    return keepsMetrics(this.address) ? ['logs', 'traces', 'metrics'] : ['logs', 'traces'];
  }

  async read({ run: { info }, signal }: StoreQuestion, take: (key: string) => void): Promise<void> {
    if (!existsSync(this.address)) throw new Error('there is no such folder');
    const own = join(this.address, info.runId);
    const folder = existsSync(own) ? own : this.address;
    for (const path of findFiles(folder, signal)) {
      for (const { bytes } of readLines(path)) {
        if (!bytes.includes(info.runId) && !bytes.includes(info.traceId)) continue;
        for (const { key } of readItems(bytes, signal)) take(key);
      }
    }
  }

  explainLoss(): string {
    return 'the Collector may have been killed before it wrote them, or have a file of another name';
  }
}

function keepsMetrics(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { withFileTypes: true }).some((entry) =>
    entry.isDirectory()
      ? existsSync(join(folder, entry.name, FILE.metrics))
      : entry.name.includes('metrics'),
  );
}

function findFiles(folder: string, signal: SignalName): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => name.includes(signal) || !/logs|traces|metrics/.test(name))
    .map((name) => join(folder, name));
}
