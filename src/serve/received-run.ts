import { join } from 'node:path';
import { ATTR } from '../model/attributes.ts';
import type { RunId } from '../model/ids.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { LoggingSettings, RunInfo } from '../model/run-info.ts';
import { isShownAsText } from '../model/shown-text.ts';
import { compileTextFormat } from '../model/text-format.ts';
import type { TextFormat } from '../model/text-format.ts';
import { AppendFile } from '../spool/append-file.ts';
import { EnvelopeWriter } from '../spool/envelope-writer.ts';
import { FILE } from '../spool/layout.ts';
import { readRunInfo, writeRunInfo } from '../spool/run-file.ts';
import {
  parseItem,
  parseSpan,
  readMetrics,
  readRecords,
  readSpans,
} from '../spool/signal-reader.ts';
import { toTextRecord } from '../spool/text-record.ts';
import { ReceivedInfo } from './received-info.ts';
import type { ReceivedBatch } from './split-request.ts';
import { SeenKeys } from './seen-keys.ts';

/** How long after a run's end what it still lacks is waited for. */
const LATE_MS = 10_000;
const PIECE_CHARS = 256 * 1024;

/** A run directory that is written from what is received over OTLP: each span and record once, however often it comes. */
export class ReceivedRun {
  readonly runDir: string;
  readonly #info: ReceivedInfo;
  readonly #records = new SeenKeys();
  readonly #spans = new SeenKeys();
  /** A metric has no ID: the same one, with the same points, is the one that was sent again. */
  readonly #metrics = new SeenKeys();
  readonly #format: TextFormat;
  #lastMs = Date.now();

  constructor(of: {
    readonly runId: RunId;
    readonly runDir: string;
    readonly traceId: string;
    readonly resource: Attributes;
    readonly logging: LoggingSettings;
  }) {
    this.runDir = of.runDir;
    this.#info = new ReceivedInfo({ ...of, before: readRunInfo(of.runDir) });
    const { logging, timeZone } = this.#info.info;
    const { format, dateFormat } = logging;
    this.#format = compileTextFormat(format, { dateFormat, zone: timeZone });
    for (const record of readRecords(join(of.runDir, FILE.logs))) {
      if (this.#records.add(String(record.attributes[ATTR.uid]))) this.#info.record(record);
    }
    for (const span of readSpans(join(of.runDir, FILE.traces))) {
      if (this.#spans.add(span.spanId)) this.#info.span(span);
    }
    for (const metric of readMetrics(join(of.runDir, FILE.metrics))) {
      this.#metrics.add(JSON.stringify(metric));
    }
    writeRunInfo(this.runDir, this.#info.info);
  }

  get info(): RunInfo {
    return this.#info.info;
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  /** Writes what is new of a batch; gives how many items that was. @throws the file system's error */
  append(batch: ReceivedBatch): number {
    const before = this.info;
    const isNew = this.#toFilter(batch.signal);
    const fresh = batch.scopes
      .map(({ scope, items }) => ({ scope, items: items.filter((item) => isNew(item, scope)) }))
      .filter(({ items }) => items.length > 0);
    if (fresh.length === 0) return 0;
    const writer = new EnvelopeWriter(join(this.runDir, FILE_OF[batch.signal]), batch.shape);
    try {
      for (const { scope, items } of fresh) {
        for (const item of items) writer.add(JSON.stringify(scope), JSON.stringify(item));
      }
      writer.flush();
    } finally {
      writer.close();
    }
    if (batch.signal === 'logRecords') this.#appendText(fresh);
    this.#lastMs = Date.now();
    // More has come after the end: it belongs to what was ended, which is written again.
    if (this.info !== before || before.state !== 'running') writeRunInfo(this.runDir, this.info);
    return fresh.reduce((sum, { items }) => sum + items.length, 0);
  }

  /** Notes the run's end, when all is here or nothing has come for a while; gives whether it has ended. */
  settle(): boolean {
    if (this.info.state !== 'running') return true;
    const received = { spans: this.#spans.size, records: this.#records.size };
    const isLate = this.#info.isEnded && Date.now() - this.#lastMs > LATE_MS;
    if (!isLate && !this.#info.isWhole(received)) return false;
    this.#info.end();
    writeRunInfo(this.runDir, this.info);
    return true;
  }

  #toFilter(signal: ReceivedBatch['signal']): (item: Json, scope: Json) => boolean {
    if (signal === 'metrics') return (item) => this.#metrics.add(JSON.stringify(item));
    if (signal === 'spans') {
      return (item) => {
        const span = parseSpan(item);
        if (!this.#spans.add(span.spanId)) return false;
        this.#info.span(span);
        return true;
      };
    }
    return (item, scope) => {
      const record = parseItem(item, String(scope['name'] ?? ''));
      const uid = record.attributes[ATTR.uid];
      if (typeof uid === 'string' && !this.#records.add(uid)) return false;
      this.#info.record(record);
      return true;
    };
  }

  #appendText(scopes: ReceivedBatch['scopes']): void {
    const file = new AppendFile(join(this.runDir, FILE.text));
    try {
      let text = '';
      for (const line of this.#toLines(scopes)) {
        text += line;
        if (text.length < PIECE_CHARS) continue;
        file.append(Buffer.from(text));
        text = '';
      }
      file.append(Buffer.from(text));
    } finally {
      file.close();
    }
  }

  /** One by one: a request of millions of empty records would take gigabytes at once. */
  *#toLines(scopes: ReceivedBatch['scopes']): Generator<string> {
    const { logging, runId } = this.info;
    for (const { scope, items } of scopes) {
      for (const item of items) {
        const record = parseItem(item, String(scope['name'] ?? ''));
        if (!isShownAsText(record, logging.minimumSeverity)) continue;
        yield `${this.#format(toTextRecord(record, runId))}\n`;
      }
    }
  }
}

type Json = Readonly<Record<string, unknown>>;

const FILE_OF: Readonly<Record<ReceivedBatch['signal'], string>> = {
  spans: FILE.traces,
  logRecords: FILE.logs,
  metrics: FILE.metrics,
};
