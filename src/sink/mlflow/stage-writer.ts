import { ATTR } from '../../model/attributes.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import { toUnixMs } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { CallOptions, MlflowApi, MlflowRun } from './api.ts';
import type { Course } from './course.ts';
import { MAX_TAG_CHARS, cutText, splitBatch } from './limits.ts';
import type { Cuts } from './limits.ts';
import { TAG } from './names.ts';
import type { RunKind } from './names.ts';
import { toRunStatus, toStageParams } from './pipeline-state.ts';
import type { OwnRun, RelatedRuns } from './related-runs.ts';
import { toOwnPoints } from './trial.ts';

export interface StageWriterOptions {
  readonly api: MlflowApi;
  readonly runId: RunId;
  readonly parent: Pick<MlflowRun, 'runId' | 'experimentId'>;
  readonly sourceTags: Readonly<Record<string, string>>;
  readonly course: Course;
  readonly related: RelatedRuns;
  readonly cuts: Cuts;
  readonly onTied: (spanId: SpanId, run: OwnRun) => void;
}

/** Writes a run for every stage that did something, where that is configured: the trials in a stage lie in its run. */
export class StageWriter {
  readonly #options: StageWriterOptions;
  #runs: Map<SpanId, OwnRun> | undefined;
  #writtenCount = 0;

  constructor(options: StageWriterOptions) {
    this.#options = options;
  }

  /** The run that a trial of a stage belongs in; made now when it isn't there yet. */
  async toParentId(stageSpanId: SpanId | undefined, options?: CallOptions): Promise<string> {
    const stage =
      stageSpanId === undefined ? undefined : this.#options.course.findStage(stageSpanId);
    if (stage === undefined) return this.#options.parent.runId;
    return (await this.#ensure(stage, options)).runId;
  }

  /** Writes the stages that have ended; gives whether there were any. */
  async write(options?: CallOptions): Promise<boolean> {
    const { stages } = this.#options.course;
    const before = this.#writtenCount;
    while (this.#writtenCount < stages.length) {
      const stage = stages[this.#writtenCount]!;
      if (stage.attributes[ATTR.taskResult] !== 'skip') await this.#writeOne(stage, options);
      this.#writtenCount += 1;
    }
    return this.#writtenCount > before;
  }

  async #writeOne(stage: StoredSpan, options?: CallOptions): Promise<void> {
    const { api, course, cuts } = this.#options;
    const { spanId, attributes, start, end } = stage;
    const name = String(attributes[ATTR.taskName]);
    const run = await this.#ensure({ spanId, name, startMs: toUnixMs(start) }, options);
    if (run.status !== 'RUNNING') return;
    const batch = {
      params: toStageParams([stage], cuts),
      // They stay in the course: the pipeline's run has them too.
      metrics: toOwnPoints(course.series.peek(spanId), cuts),
    };
    for (const part of splitBatch(batch)) await api.logBatch(run.runId, part, options);
    const status = toRunStatus(attributes, ATTR.taskResult);
    await api.endRun({ runId: run.runId, status, endMs: toUnixMs(end) }, options);
    this.#note(spanId, { ...run, status });
  }

  async #ensure(
    stage: { readonly spanId: SpanId; readonly name: string; readonly startMs: number },
    options?: CallOptions,
  ): Promise<OwnRun> {
    const { api, related, parent, runId, sourceTags } = this.#options;
    this.#runs ??= new Map(await related.findOwn(parent.experimentId, undefined, options));
    const known = this.#runs.get(stage.spanId);
    if (known !== undefined) return known;
    const tags = {
      ...sourceTags,
      [TAG.parentRunId]: parent.runId,
      [TAG.runId]: runId,
      [TAG.kind]: 'stage' satisfies RunKind,
      [TAG.spanId]: stage.spanId,
      [TAG.stage]: cutText(stage.name, MAX_TAG_CHARS),
    };
    try {
      const { experimentId } = parent;
      const run = { experimentId, name: cutText(stage.name, 250), startMs: stage.startMs, tags };
      const made = await api.createRun(run, options);
      this.#note(stage.spanId, made);
      return made;
    } catch (error) {
      // It may have been made without its answer having come.
      this.#runs = undefined;
      throw error;
    }
  }

  #note(spanId: SpanId, run: OwnRun): void {
    this.#runs?.set(spanId, run);
    this.#options.onTied(spanId, run);
  }
}
