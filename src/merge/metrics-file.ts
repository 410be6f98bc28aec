import { rmSync } from 'node:fs';
import type { Attributes } from '../model/pipeline.ts';
import { encodeAttributes, encodeString } from '../otlp/json.ts';
import { AppendFile } from '../spool/append-file.ts';
import type { FileProcessor } from './file-processors.ts';
import { toEnvelopeShape } from './file-processors.ts';
import type { Recorder } from './recorder.ts';

/** A metric about to be written. */
export interface MetricDraft {
  readonly scope: string;
  readonly sender: Attributes;
  /** A `Metric` in OTLP/JSON. */
  readonly metric: unknown;
}

/**
 * Writes `metrics.jsonl`, each metric on a line of its own: a merge that is done again begins the file anew, and so writes
 * the same bytes. The file is made with the first metric.
 */
export class MetricsFile implements FileProcessor {
  readonly #path: string;
  readonly #resource: Attributes;
  readonly #recorder: Recorder;
  #file: AppendFile | undefined;
  /** What isn't on disk yet. */
  #lines: string[] = [];

  constructor(path: string, resource: Attributes, recorder: Recorder) {
    this.#path = path;
    this.#resource = resource;
    this.#recorder = recorder;
  }

  add({ scope, sender, metric }: MetricDraft): void {
    const { head, tail } = toEnvelopeShape('Metrics', this.#resource);
    const scopeJson = `{"name":${encodeString(scope)},"attributes":[${encodeAttributes(sender)}]}`;
    const item = JSON.stringify(this.#recorder.maskJson(metric));
    this.#lines.push(`${head}{"scope":${scopeJson},"metrics":[${item}]}${tail}\n`);
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    this.#file ??= this.#open();
    this.#file.append(Buffer.from(this.#lines.join('')));
    this.#lines = [];
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): AppendFile {
    rmSync(this.#path, { force: true });
    return new AppendFile(this.#path);
  }
}
