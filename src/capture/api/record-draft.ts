import type { LogRecord } from '@opentelemetry/api-logs';
import type { Attributes } from '../../model/pipeline.ts';
import { now } from '../../model/time.ts';

/** A log record that is about to be made. */
export interface RecordDraft {
  readonly severity?: number;
  readonly severityText?: string;
  readonly body: string;
  readonly eventName?: string;
  readonly attributes: Attributes;
}

/** What OpenTelemetry's logger is given, with the time that it is now. */
export function toLogRecord(draft: RecordDraft): LogRecord {
  const time = now();
  // All fields are always there: objects of one shape are what makes this fast (bench/logger.mjs).
  return {
    timestamp: time,
    observedTimestamp: time,
    severityNumber: draft.severity,
    severityText: draft.severityText,
    eventName: draft.eventName,
    body: draft.body,
    attributes: draft.attributes,
  } as LogRecord;
}
