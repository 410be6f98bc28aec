import { ATTR } from '../model/attributes.ts';
import { toShownBody } from '../model/shown-text.ts';
import type { TextRecord } from '../model/text-format.ts';
import type { StoredRecord } from './signal-reader.ts';

/** A stored record as text formats see it. */
export function toTextRecord(record: StoredRecord, runId: string): TextRecord {
  const { attributes } = record;
  const stage = attributes[ATTR.taskName];
  return {
    time: record.time ?? record.observed,
    severity: record.severity,
    severityText: record.severityText,
    logger: record.logger,
    body: toShownBody(record.body, attributes[ATTR.exceptionStacktrace]),
    runId,
    stage: typeof stage === 'string' ? stage : undefined,
    attribute: (name) => attributes[name],
  };
}
