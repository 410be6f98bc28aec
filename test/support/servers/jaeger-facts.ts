import type { StoredSpan } from '../../../src/spool/signal-reader.ts';
import type { JaegerSpan } from './jaeger.ts';

/** What a span is and when it was, as Jaeger has it: IDs, name, beginning and length in whole microseconds. */
export function toSpanFacts({ spanId, parentSpanId, name, start, end }: StoredSpan): string {
  const startUs = start[0] * 1e6 + Math.floor(start[1] / 1000);
  const durationUs = Math.floor(((end[0] - start[0]) * 1e9 + end[1] - start[1]) / 1000);
  return `${spanId} ${parentSpanId} ${name} ${startUs} ${durationUs}`;
}

/** The same of a span as Jaeger gives it. */
export function toJaegerFacts(span: JaegerSpan): string {
  const { spanID, parentSpanID, operationName, startTime, duration } = span;
  return `${spanID} ${parentSpanID} ${operationName} ${startTime} ${duration}`;
}
