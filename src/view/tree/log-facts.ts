import { ATTR, EVENT } from '../../model/attributes.ts';
import type { FirstError } from '../../model/run-info.ts';
import { SEVERITY } from '../../model/severity.ts';
import { parseRecord } from '../../spool/signal-reader.ts';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import { readLineViews } from '../records/line-views.ts';
import { Needle, readSeverity } from '../records/raw-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { scanLine, toJson } from '../records/scan-line.ts';
import type { RecordVisitor } from '../records/scan-line.ts';
import type { Metric } from './run-node.ts';

/** Counts of records by the range of their severity; `none` has no level. */
export type LevelCounts = Record<LevelName, number>;
export type LevelName = (typeof LEVELS)[number];
export const LEVELS = ['none', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** What a run's log records say of it, beside what its spans do. */
export interface LogFacts {
  readonly levels: LevelCounts;
  /** Events of stages and trials that began. */
  readonly starts: readonly StoredRecord[];
  /** The last value of every metric, by the span that it is in. */
  readonly metrics: ReadonlyMap<string, readonly Metric[]>;
  readonly firstError: FirstError | undefined;
}

/** Reads through a `logs.jsonl`. `findsError`: look for the first error too, where `run.json` doesn't have it. */
export function readLogFacts(path: string, options: { readonly findsError: boolean }): LogFacts {
  const reader = new FactReader(options.findsError);
  for (const { bytes } of readLineViews(path)) scanLine(bytes, reader);
  return reader.toFacts();
}

interface MetricSeries {
  /** The last record, parsed or as JSON. */
  last: StoredRecord | string;
  count: number;
}

const METRIC = `"eventName":"${EVENT.metric}"`;
const SPAN_KEY = Buffer.from('"spanId":"');
const SPAN_ID_LENGTH = 16;
const QUOTE = 0x22;

class FactReader implements RecordVisitor {
  readonly #levels: LevelCounts = {
    none: 0,
    trace: 0,
    debug: 0,
    info: 0,
    warn: 0,
    error: 0,
    fatal: 0,
  };
  readonly #starts: StoredRecord[] = [];
  readonly #series = new Map<string, MetricSeries>();
  readonly #event = new Needle('"eventName":"mlops.');
  readonly #metric = new Needle(METRIC);
  readonly #metricName = new Needle(`"${ATTR.metricName}","value":{"stringValue":"`);
  readonly #findsError: boolean;
  #firstError: FirstError | undefined;

  constructor(findsError: boolean) {
    this.#findsError = findsError;
  }

  mayTake(raw: RawRecord): boolean {
    const severity = readSeverity(raw);
    const isWanted =
      (this.#event.findEnd(raw) !== undefined && !this.#takeMetric(raw)) ||
      (severity >= SEVERITY.error && this.#seeksError());
    // Those that are taken are counted then.
    if (!isWanted) this.#count(severity);
    return isWanted;
  }

  take(record: StoredRecord): void {
    this.#count(record.severity);
    if (record.eventName === EVENT.metric) {
      this.#addMetric(`${record.spanId} ${String(record.attributes[ATTR.metricName])}`, record);
    } else if (record.eventName === EVENT.stageStart || record.eventName === EVENT.trialStart) {
      this.#starts.push(record);
    }
    if (record.severity >= SEVERITY.error && this.#seeksError()) this.#noteError(record);
  }

  toFacts(): LogFacts {
    const metrics = new Map<string, Metric[]>();
    for (const { last, count } of this.#series.values()) {
      const record = typeof last === 'string' ? parseRecord(last, '') : last;
      if (record === undefined) continue;
      const list = metrics.get(record.spanId) ?? [];
      list.push(toMetric(record, count));
      metrics.set(record.spanId, list);
    }
    return {
      levels: this.#levels,
      starts: this.#starts,
      metrics,
      firstError: this.#firstError,
    };
  }

  /** Metrics come by the million too: of one there is only the last kept, and parsed at the end. */
  #takeMetric(raw: RawRecord): boolean {
    if (this.#metric.findEnd(raw) === undefined) return false;
    const nameStart = this.#metricName.findEnd(raw);
    const spanPlace = raw.line.lastIndexOf(SPAN_KEY, raw.end);
    if (nameStart === undefined || spanPlace < raw.start) return false;
    const spanStart = spanPlace + SPAN_KEY.length;
    const spanId = raw.line.toString('latin1', spanStart, spanStart + SPAN_ID_LENGTH);
    const nameEnd = raw.line.indexOf(QUOTE, nameStart);
    this.#addMetric(`${spanId} ${raw.line.toString('latin1', nameStart, nameEnd)}`, toJson(raw));
    return true;
  }

  #addMetric(key: string, last: StoredRecord | string): void {
    const series = this.#series.get(key);
    if (series === undefined) {
      this.#series.set(key, { last, count: 1 });
    } else {
      series.last = last;
      series.count += 1;
    }
  }

  #count(severity: number): void {
    const range = severity <= 0 ? 0 : Math.min(6, ((severity - 1) >> 2) + 1);
    this.#levels[LEVELS[range]!] += 1;
  }

  /** The first error that has a stack trace, else the first at all. */
  #seeksError(): boolean {
    return this.#findsError && this.#firstError?.stack === undefined;
  }

  #noteError({ attributes, body }: StoredRecord): void {
    const { [ATTR.exceptionStacktrace]: stack, [ATTR.taskName]: stage } = attributes;
    if (this.#firstError !== undefined && typeof stack !== 'string') return;
    this.#firstError = {
      uid: String(attributes[ATTR.uid] ?? ''),
      ...(typeof stage === 'string' && { stage }),
      body,
      ...(typeof stack === 'string' && { stack }),
    };
  }
}

function toMetric({ attributes }: StoredRecord, count: number): Metric {
  const { [ATTR.metricStep]: step, [ATTR.logFilePath]: file } = attributes;
  return {
    name: String(attributes[ATTR.metricName]),
    value: Number(attributes[ATTR.metricValue]),
    step: typeof step === 'number' ? step : undefined,
    file: typeof file === 'string' ? file : undefined,
    count,
  };
}
