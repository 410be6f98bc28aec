import { SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes as SpanAttributes, Context, Span } from '@opentelemetry/api';
import { ATTR } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { now } from '../../model/time.ts';
import { getRecording, getTelemetry } from './current.ts';
import { getOwnSpan, toOwnContext, withOwnSpan } from './own-context.ts';
import type { RecordedSpan, Recording, SpanOutcome } from './recording.ts';
import { safely } from './safely.ts';
import { toEndAttributes, withScope } from './scope-attributes.ts';
import { SPAN_KIND } from './span-processor.ts';

/** A span that has begun. */
export interface ActiveSpan {
  readonly span: Span;
  /** In which what is inside it runs. */
  readonly context: Context;
  /** Ends it. Never throws. */
  end(outcome: SpanOutcome): void;
}

export interface SpanDraft {
  readonly kind: RecordedSpan['kind'];
  readonly name: string;
  /** Random when left out. */
  readonly spanId?: SpanId | undefined;
  readonly attributes: Attributes;
}

/** Begins a span in the active one. Never throws: outside a run it is a span of the program's own provider, if any. */
export function beginSpan(draft: SpanDraft): ActiveSpan {
  const begun = safely(() => {
    const recording = getRecording();
    return recording === undefined ? beginForeign(draft) : beginOwn(draft, recording);
  });
  return begun ?? { span: NO_SPAN, context: context.active(), end: () => {} };
}

/** The span that what begins now is in. */
export function getParentId(recording: Recording): SpanId {
  return getOwnSpan(context.active())?.spanContext().spanId ?? recording.base;
}

const NO_SPAN = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 });

function beginOwn({ kind, name, spanId, attributes }: SpanDraft, recording: Recording): ActiveSpan {
  const telemetry = getTelemetry();
  const active = context.active();
  const parent = telemetry.isGlobal ? active : toOwnContext(active);
  const options = { startTime: now(), attributes: attributes as SpanAttributes };
  const span = telemetry.withSpanId(spanId, () =>
    telemetry.tracer.startSpan(name, options, parent.setValue(SPAN_KIND, kind)),
  );
  return {
    span,
    context: withOwnSpan(active, span),
    end: (outcome) =>
      safely(() => {
        const recorded = recording.openSpans.get(span.spanContext().spanId);
        if (recorded === undefined) return; // its run, or the process, has ended
        recorded.outcome = outcome;
        span.end(now());
      }),
  };
}

function beginForeign(draft: SpanDraft): ActiveSpan {
  const { name, attributes } = draft;
  const tracer = trace.getTracer('stagelight');
  const span = tracer.startSpan(name, { attributes: attributes as SpanAttributes });
  if (draft.kind === 'stage') {
    span.setAttributes({ [ATTR.taskName]: name, [ATTR.taskRunId]: span.spanContext().spanId });
  }
  return toForeignSpan(span, draft);
}

/** A span of the program's own provider, that has begun. Nobody completes it later, so it says itself how it ended. */
export function toForeignSpan(
  span: Span,
  draft: Pick<SpanDraft, 'kind' | 'name' | 'attributes'>,
): ActiveSpan {
  return {
    span,
    context: withScope(trace.setSpan(context.active(), span), draft),
    end: (outcome) =>
      safely(() => {
        const { errorType, errorMessage } = outcome;
        span.setAttributes(toEndAttributes(draft.kind, outcome) as SpanAttributes);
        if (errorType !== undefined)
          span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage ?? errorType });
        span.end();
      }),
  };
}
