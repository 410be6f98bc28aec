import { ATTR, EVENT } from '../../model/attributes.ts';
import { toStudySpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { toUnixMs } from '../../model/time.ts';
import type { StoredRecord, StoredSpan } from '../../spool/signal-reader.ts';
import type { MetricPoint } from './api.ts';
import type { RunVisitor } from './run-reader.ts';
import { StageLogs } from './stage-logs.ts';
import { SeriesBook } from './series-book.ts';
import { Studies } from './studies.ts';
import { toMissingValues } from './trial.ts';

/** What goes on for so long is at work: DVC needs some hundred milliseconds to find that a stage is to be skipped. */
export const WORK_MS = 3000;

/** A stage that has begun, ended or not. */
export interface BegunStage {
  readonly spanId: SpanId;
  readonly name: string;
  readonly startMs: number;
}

/** What a run directory says of the run so far, as far as MLflow is to hold it. */
export class Course implements RunVisitor {
  readonly #info: RunInfo;
  /** Values of metrics, until the run that they belong to takes them. */
  readonly series = new SeriesBook();
  /** Stages that have ended, in that order. */
  readonly stages: StoredSpan[] = [];
  /** Trials that have ended and aren't written yet. */
  readonly trials: StoredSpan[] = [];
  readonly studies = new Studies();
  root: StoredSpan | undefined;
  /** Where the pipeline's programs keep their MLflow runs, as they told, and in how many spans. */
  readonly #trackingUris = new Map<string, number>();
  #hasWorked = false;
  /** When the stages that haven't ended began, in Unix milliseconds. */
  readonly #openStages = new Map<SpanId, number>();
  /** Stages by the spans that stand for them, from when they begin. */
  readonly #begun = new Map<SpanId, BegunStage>();
  /** The stage that a study is in. */
  readonly #stagesOfStudies = new Map<SpanId, BegunStage>();

  /** What each stage has printed. */
  readonly stageLogs: StageLogs;

  constructor(runDir: string, info: RunInfo) {
    this.#info = info;
    this.stageLogs = new StageLogs(runDir, info);
  }

  /** A stage ran, or a trial. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** A stage is at work: one that is skipped isn't open for so long. */
  get isWorking(): boolean {
    const beforeMs = Date.now() - WORK_MS;
    return this.#hasWorked || [...this.#openStages.values()].some((startMs) => startMs < beforeMs);
  }

  record(record: StoredRecord): void {
    const { eventName } = record;
    this.stageLogs.add(record);
    if (eventName === undefined) return;
    const { attributes, spanId } = record;
    if (eventName === EVENT.metric) this.series.add(spanId, toPoint(record));
    if (eventName === EVENT.stageStart) {
      const startMs = toUnixMs(record.time ?? record.observed);
      this.#openStages.set(spanId, startMs);
      this.#begun.set(spanId, { spanId, name: String(attributes[ATTR.taskName]), startMs });
    }
  }

  /** Where the pipeline's programs keep their MLflow runs, as far as they told: where most do first. */
  get trackingUris(): readonly string[] {
    return [...this.#trackingUris].toSorted(([, a], [, b]) => b - a).map(([uri]) => uri);
  }

  span(span: StoredSpan): void {
    const { attributes, spanId } = span;
    const { [ATTR.mlflowTrackingUri]: uri, [ATTR.mlflowTrackingUris]: others } = attributes;
    for (const each of [uri, ...(Array.isArray(others) ? (others as unknown[]) : [])]) {
      if (typeof each !== 'string') continue;
      this.#trackingUris.set(each, (this.#trackingUris.get(each) ?? 0) + 1);
    }
    if (spanId === this.#info.rootSpanId) {
      this.root = span;
    } else if (attributes[ATTR.taskName] !== undefined) {
      this.#takeStage(span);
    } else if (attributes[ATTR.trialNumber] !== undefined) {
      this.#hasWorked = true;
      this.trials.push(span);
      this.studies.add(span);
      for (const point of toMissingValues(span, this.series.peek(spanId))) {
        this.series.add(spanId, point);
      }
    } else if (attributes[ATTR.studyName] !== undefined) {
      const stage = this.#begun.get(span.parentSpanId ?? '');
      if (stage !== undefined) this.#stagesOfStudies.set(spanId, stage);
    }
  }

  /** The stage that a trial is in, where that is known yet. */
  toStage({ parentSpanId, attributes }: StoredSpan): BegunStage | undefined {
    return this.toStageOfStudy(parentSpanId ?? '', String(attributes[ATTR.studyName]));
  }

  toStageOfStudy(studyId: SpanId, study: string): BegunStage | undefined {
    const known = this.#stagesOfStudies.get(studyId) ?? this.#begun.get(studyId);
    if (known !== undefined) return known;
    // A study tells of itself when it ends; until then it is known by its ID, which is made of its stage's.
    for (const stage of this.#begun.values()) {
      if (toStudySpanId(stage.spanId, study) !== studyId) continue;
      this.#stagesOfStudies.set(studyId, stage);
      return stage;
    }
    return undefined;
  }

  findStage(spanId: SpanId): BegunStage | undefined {
    return this.#begun.get(spanId);
  }

  #takeStage(span: StoredSpan): void {
    this.stages.push(span);
    this.#openStages.delete(span.spanId);
    const { spanId, attributes, start } = span;
    const name = String(attributes[ATTR.taskName]);
    this.#begun.set(spanId, { spanId, name, startMs: toUnixMs(start) });
    if (span.attributes[ATTR.taskResult] !== 'skip') this.#hasWorked = true;
  }
}

function toPoint({ attributes, time, observed }: StoredRecord): MetricPoint {
  const step = attributes[ATTR.metricStep];
  return {
    key: String(attributes[ATTR.metricName]),
    value: Number(attributes[ATTR.metricValue]),
    timeMs: toUnixMs(time ?? observed),
    step: typeof step === 'number' && Number.isSafeInteger(step) ? step : 0,
  };
}
