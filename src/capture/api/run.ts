import type { Span } from '@opentelemetry/api';
import { ATTR } from '../../model/attributes.ts';
import type { Result } from '../../model/pipeline.ts';
import { beginSpan } from './active-span.ts';
import { toAttributes } from './attributes.ts';
import type { GivenAttributes } from './attributes.ts';
import { getRecording } from './current.ts';
import type { BegunRun } from './begun-run.ts';
import { runInSpan, toErrorOutcome } from './run-in-span.ts';
import type { Failure } from './run-in-span.ts';
import { tellOnce, toText } from './safely.ts';
import type { SpanOutcome } from './recording.ts';

/** Options of {@link run}. */
export interface RunOptions {
  /** Attributes of the run's span. */
  readonly attributes?: GivenAttributes;
  /**
   * Sends the run to an OTLP backend while it goes on, and keeps nothing of it on disk: for places that have no disk to
   * keep. The standard `OTEL_EXPORTER_OTLP_*` variables say where (`http://localhost:4318` where none does). What isn't
   * accepted when the run has ended, within `run.flush_timeout`, is lost, and said on stderr. Inside `stagelight run` it
   * means nothing.
   * @default whether `STAGELIGHT_DIRECT` is `true`
   */
  readonly direct?: boolean;
}

/**
 * Runs `fn` as a run of the pipeline, recorded in a run directory of its own (`.stagelight/runs/<run-id>/`, where
 * `stagelight run` would put it). When the promise resolves everything is in its `traces.jsonl` and `logs.jsonl`.
 *
 * Inside `stagelight run`, and while another `run()` is under way, it joins that run as a span instead of beginning one:
 * the same program works under `stagelight run -- node pipeline.js` and as `node pipeline.js`.
 *
 * A process of its own writes the files, so that the run is whole, too, when this process exits, throws or is killed.
 * With `direct` there is neither a directory nor that process: see {@link RunOptions.direct}.
 *
 * It is configured as `stagelight run` is in the working directory. When the configuration has a mistake, or the run
 * directory can't be made, that is said on stderr, and `fn` runs without being recorded.
 *
 * @param name the pipeline's name
 * @param fn is given the run's span, an OpenTelemetry one
 * @returns what `fn` returns
 * @throws what `fn` throws, when it is recorded; nothing of its own
 *
 * @example
 * ```ts
 * await run('churn', async () => {
 *   const rows = await stage('ingest', () => read('customers.csv'));
 *   await stage('train', () => train(rows));
 * });
 * ```
 */
export async function run<T>(
  name: string,
  fn: (span: Span) => T | Promise<T>,
  options: RunOptions = {},
): Promise<T> {
  if (opening !== undefined) await opening; // of two that are called at the same time the second is inside the first
  if (getRecording() !== undefined || isUnderWay) return await runInside(name, fn, options);
  opening = openOwnRun(name, options);
  const own = await opening;
  opening = undefined;
  if (own === undefined) return await runInside(name, fn, options);
  isUnderWay = true;
  try {
    return await runInSpan(own.active, fn, {
      ok: () => own.note({ result: 'success' }),
      failed: (failure) => own.note(toRunOutcome(failure)),
    });
  } finally {
    await own.finish();
    isUnderWay = false;
  }
}

/** The run that is being begun. */
let opening: Promise<BegunRun | undefined> | undefined;
/** Whether one has been begun, and hasn't ended. */
let isUnderWay = false;

async function openOwnRun(name: string, options: RunOptions): Promise<BegunRun | undefined> {
  const { direct = process.env['STAGELIGHT_DIRECT'] === 'true', attributes } = options;
  const begun = { name: toText(name), attributes: toAttributes(attributes) };
  try {
    // Loaded here: a program that joins a run needs none of it.
    if (direct) return await (await import('../direct/direct-run.ts')).DirectRun.open(begun);
    return await (await import('./own-run.ts')).OwnRun.open(begun);
  } catch (error) {
    tellOnce(
      'run',
      `can't record this run: ${(error as Error).message}; the program runs all the same`,
    );
    return undefined;
  }
}

/** A run inside a run is a span of it. */
async function runInside<T>(
  name: string,
  fn: (span: Span) => T | Promise<T>,
  options: RunOptions,
): Promise<T> {
  const active = beginSpan({
    kind: 'run',
    name: `RUN ${toText(name)}`,
    attributes: { ...toAttributes(options.attributes), [ATTR.pipelineName]: toText(name) },
  });
  const note = (result: string): void => void active.span.setAttribute(ATTR.pipelineResult, result);
  return await runInSpan(active, fn, {
    ok: () => {
      note('success');
      return {};
    },
    failed: (failure) => {
      note(failure.isAbort ? 'cancellation' : 'failure');
      return toErrorOutcome(failure);
    },
  });
}

function toRunOutcome({ isAbort, type, message }: Failure): SpanOutcome & { result: Result } {
  if (isAbort) return { result: 'cancellation' };
  return { result: 'failure', errorType: type, errorMessage: message };
}
