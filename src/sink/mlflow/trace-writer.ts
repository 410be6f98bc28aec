import { join } from 'node:path';
import type { RunInfo } from '../../model/run-info.ts';
import { FILE } from '../../spool/layout.ts';
import { readLines } from '../../spool/signal-reader.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import type { Course } from './course.ts';
import { isFault } from './mlflow-error.ts';
import { toTraceBody, toTraceLine } from './trace-request.ts';
import type { TraceLine } from './trace-request.ts';

/** MLflow takes 500 spans in 165 ms, and 5,000 in 1.7 s, in one transaction. */
const MAX_SPANS = 500;

export interface TraceWriterOptions {
  readonly api: MlflowApi;
  readonly run: MlflowRun;
  readonly runDir: string;
  readonly info: RunInfo;
  readonly course: Course;
  /** Bytes of `traces.jsonl` whose spans are there already. */
  readonly sentBytes: number;
  /** Told how far it has come. */
  readonly onSent: (sentBytes: number) => void;
  /** Told why a server takes no traces at all. */
  readonly onNote: (note: string) => void;
  readonly onRefused: (what: string, reason: string) => void;
}

/** Sends a run's spans to MLflow's trace, as they end; the root span when everything is there. */
export class TraceWriter {
  readonly #options: TraceWriterOptions;
  #readBytes: number;
  #root: TraceLine['root'];
  #isRefused = false;

  constructor(options: TraceWriterOptions) {
    this.#options = options;
    this.#readBytes = options.sentBytes;
  }

  /**
   * Sends the next spans, of those that lie before `untilBytes`; gives whether there were any. No batch is sent in halves:
   * a span that is sent again takes the place of the one before.
   */
  async write(untilBytes: number, options?: CallOptions): Promise<boolean> {
    if (this.#isOff || this.#readBytes >= untilBytes) return false;
    const lines: TraceLine[] = [];
    let spanCount = 0;
    let end = this.#readBytes;
    for (const { bytes, offset } of readLines(this.#path, this.#readBytes)) {
      if (offset >= untilBytes || spanCount >= MAX_SPANS) break;
      end = offset + bytes.length + 1;
      const line = this.#tryParse(bytes);
      if (line === undefined) continue;
      lines.push(line);
      spanCount += line.spanCount;
    }
    const spans = lines.map((line) => line.spans).filter((line) => line !== undefined);
    if (spans.length > 0) await this.#send(spans, options);
    this.#root = lines.find(({ root }) => root !== undefined)?.root ?? this.#root;
    this.#readBytes = end;
    // The root stays unsent: whoever goes on here has to find it again.
    if (this.#root === undefined) this.#options.onSent(end);
    return true;
  }

  /** All spans are there: the root, by which the trace gets its state and its run. */
  async finish(options?: CallOptions): Promise<void> {
    if (this.#root !== undefined) await this.#send([this.#root], options);
  }

  get #path(): string {
    return join(this.#options.runDir, FILE.traces);
  }

  get #isOff(): boolean {
    return this.#isRefused || this.#options.api.caller.sendSpans === undefined;
  }

  #tryParse(line: Buffer): TraceLine | undefined {
    try {
      return toTraceLine(line, this.#options);
    } catch {
      return undefined; // no JSON: other readers pass it over too
    }
  }

  async #send(lines: Parameters<typeof toTraceBody>[0], options?: CallOptions): Promise<void> {
    const { api, run, onNote, onRefused } = this.#options;
    if (this.#isOff) return;
    const { experimentId, runId } = run;
    try {
      await api.caller.sendSpans!({ experimentId, runId, body: toTraceBody(lines) }, options);
    } catch (error) {
      if (isFault(error, 'refused')) onRefused('spans of the trace', (error as Error).message);
      else if (isFault(error, 'unsupported')) {
        this.#isRefused = true;
        onNote((error as Error).message);
      } else throw error;
    }
  }
}
