import { SpanKind, SpanStatusCode, createContextKey } from '@opentelemetry/api';
import type { Context, Link, Span } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor, TimedEvent } from '@opentelemetry/sdk-trace-node';
import type { SpanId } from '../../model/ids.ts';
import type { OtelSpanKind } from '../../model/inbox.ts';
import { encodeTime } from '../../otlp/json.ts';
import { cutText } from './attributes.ts';
import { encodeInboxAttributes, encodeName } from './encode-entry.ts';
import type { RecordedSpan, Recording, SpanOutcome } from './recording.ts';
import { safely } from './safely.ts';

/** In the context that a span of ours is started with: its kind. All other spans are `span`. */
export const SPAN_KIND = createContextKey('stagelight span kind');

const KINDS: Readonly<Record<SpanKind, OtelSpanKind>> = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
};
/** An entry has to stay below the reader's 4 MiB. */
const MAX_LIST_LENGTH = 256 * 1024;

/** Writes the start and the end of every span of this process into its inbox. */
export class SpanEntryProcessor implements SpanProcessor {
  readonly #getRecording: () => Recording | undefined;

  constructor(getRecording: () => Recording | undefined) {
    this.#getRecording = getRecording;
  }

  onStart(span: Span & ReadableSpan, context: Context): void {
    const recording = this.#getRecording();
    if (recording !== undefined) safely(() => start(span, context, recording));
  }

  onEnd(span: ReadableSpan): void {
    const recording = this.#getRecording();
    const recorded = recording?.openSpans.get(span.spanContext().spanId);
    // One that began in an earlier run of this process has ended with it.
    if (recording === undefined || recorded === undefined) return;
    recording.openSpans.delete(span.spanContext().spanId);
    if (recorded.kind !== 'root') safely(() => recording.add(encodeEnd(span, recorded)));
  }

  async forceFlush(): Promise<void> {
    this.#getRecording()?.flush();
  }

  async shutdown(): Promise<void> {
    this.#getRecording()?.flush();
  }
}

function start(span: Span & ReadableSpan, context: Context, recording: Recording): void {
  const kind = (context.getValue(SPAN_KIND) as RecordedSpan['kind'] | undefined) ?? 'span';
  const { spanId } = span.spanContext();
  recording.openSpans.set(spanId, { span, kind, nameAtStart: span.name, outcome: {} });
  if (kind === 'root') return;
  const { name: scope } = span.instrumentationScope;
  const { parent, caller } = toParent(span, recording);
  if (caller !== undefined) span.addLink(caller);
  recording.add(
    `{"type":"span-start","kind":"${kind}","time":"${encodeTime(span.startTime)}",` +
      `"span":"${spanId}","parent":"${parent}","name":${encodeName(span.name)},` +
      (span.kind === SpanKind.INTERNAL ? '' : `"spanKind":"${KINDS[span.kind]}",`) +
      `"scope":${encodeName(scope)},"attributes":${encodeInboxAttributes(span.attributes)}}\n`,
  );
}

/** A span that a caller in another trace began isn't in this run: it becomes a link. */
function toParent(
  { parentSpanContext }: ReadableSpan,
  { base, info }: Recording,
): { parent: SpanId; caller?: Link } {
  if (parentSpanContext === undefined) return { parent: base };
  const { isRemote, traceId, spanId } = parentSpanContext;
  if (isRemote === true && traceId !== info.traceId)
    return { parent: base, caller: { context: parentSpanContext } };
  return { parent: spanId };
}

function encodeEnd(span: ReadableSpan, recorded: RecordedSpan): string {
  const { name, events, links } = span;
  const fields = JSON.stringify(toOutcome(span, recorded)).slice(1, -1);
  return (
    `{"type":"span-end","time":"${encodeTime(span.endTime)}","span":"${span.spanContext().spanId}",` +
    (name === recorded.nameAtStart ? '' : `"name":${encodeName(name)},`) +
    (fields === '' ? '' : `${fields},`) +
    (events.length === 0 ? '' : `"events":[${encodeEvents(events)}],`) +
    (links.length === 0 ? '' : `"links":[${encodeLinks(links)}],`) +
    `"attributes":${encodeInboxAttributes(span.attributes)}}\n`
  );
}

/** What the function that began the span says of its end, and its status where that says more. */
function toOutcome({ status }: ReadableSpan, { kind, outcome }: RecordedSpan): SpanOutcome {
  if (status.code === SpanStatusCode.OK && kind === 'span') return { status: 'ok', ...outcome };
  if (status.code !== SpanStatusCode.ERROR || outcome.errorType !== undefined) return outcome;
  return {
    ...outcome,
    ...(kind === 'stage' ? { result: 'failure' } : { status: 'error' }),
    ...(status.message !== undefined && { errorMessage: cutText(status.message) }),
  };
}

function encodeEvents(events: readonly TimedEvent[]): string {
  return encodeList(
    events,
    ({ name, time, attributes }) =>
      `{"name":${encodeName(name)},"time":"${encodeTime(time)}","attributes":${encodeInboxAttributes(attributes ?? {})}}`,
  );
}

function encodeLinks(links: readonly Link[]): string {
  return encodeList(
    links,
    ({ context, attributes }) =>
      `{"traceId":"${context.traceId}","span":"${context.spanId}","attributes":${encodeInboxAttributes(attributes ?? {})}}`,
  );
}

function encodeList<T>(list: readonly T[], encode: (item: T) => string): string {
  let text = '';
  for (const item of list) {
    const encoded = encode(item);
    if (text.length + encoded.length > MAX_LIST_LENGTH) break;
    text += `${text === '' ? '' : ','}${encoded}`;
  }
  return text;
}
