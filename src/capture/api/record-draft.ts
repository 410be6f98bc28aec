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
  const { severity, severityText, body, eventName, attributes } = draft;
  const time = now();
  return {
    timestamp: time,
    observedTimestamp: time,
    ...(severity !== undefined && { severityNumber: severity }),
    ...(severityText !== undefined && { severityText }),
    ...(eventName !== undefined && { eventName }),
    body,
    attributes: attributes as LogRecord['attributes'] & {},
  };
}
