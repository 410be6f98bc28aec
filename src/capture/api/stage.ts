import type { Span } from '@opentelemetry/api';
import { toStageSpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import { beginSpan } from './active-span.ts';
import { toAttributes } from './attributes.ts';
import type { GivenAttributes } from './attributes.ts';
import { getRecording } from './current.ts';
import type { SpanOutcome } from './recording.ts';
import { runInSpan } from './run-in-span.ts';
import type { Failure } from './run-in-span.ts';
import { safely, toText } from './safely.ts';

/** Options of {@link stage}. */
export interface StageOptions {
  /** Attributes of the stage's span, known when it begins. Further ones: `span.setAttribute` in the function. */
  readonly attributes?: GivenAttributes;
}

/**
 * Runs `fn` as a stage of the pipeline: a span with the stage's name, in which everything lies that is logged, measured or
 * begun in it, in this process and across every `await`. Stages may nest and may run at the same time.
 *
 * What `fn` throws makes the stage a failure, is recorded (severity ERROR, with its stack) and is thrown on; an `AbortError`
 * makes it a cancellation. Its start and its end are with the operating system when `fn` begins and when the promise
 * resolves.
 *
 * Outside a run `fn` runs without being recorded.
 *
 * @param name the stage's name; a second stage of one name is a second execution of it
 * @param fn is given the stage's span, an OpenTelemetry one
 * @returns what `fn` returns
 * @throws what `fn` throws, and nothing of its own
 *
 * @example
 * ```ts
 * const rows = await stage('clean', async (span) => {
 *   const kept = (await read('data.csv')).filter(isComplete);
 *   span.setAttribute('rows', kept.length);
 *   return kept;
 * });
 * ```
 */
export async function stage<T>(
  name: string,
  fn: (span: Span) => T | Promise<T>,
  options: StageOptions = {},
): Promise<T> {
  const active = beginSpan({
    kind: 'stage',
    name: toText(name),
    spanId: safely(() => claimSpanId(toText(name))),
    attributes: toAttributes(options.attributes),
  });
  getRecording()?.flush();
  try {
    return await runInSpan(active, fn, { ok: () => ({ result: 'success' }), failed: toOutcome });
  } finally {
    getRecording()?.flush();
  }
}

function toOutcome(failure: Failure): SpanOutcome {
  if (failure.isAbort) return { result: 'cancellation' };
  return { result: 'failure', errorType: failure.type, errorMessage: failure.message };
}

function claimSpanId(name: string): SpanId | undefined {
  const recording = getRecording();
  return recording && toStageSpanId(recording.info.runId, name, recording.claim(name));
}
