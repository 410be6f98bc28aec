import { ATTR } from '../../model/attributes.ts';
import type { AttributeValue, Attributes } from '../../model/pipeline.ts';
import { toLevelName } from '../../model/text-format.ts';
import { toNanoString } from '../../model/time.ts';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import { escapeJson } from '../text/escape.ts';
import { toIsoTime } from '../text/units.ts';

/** A log record as `logs --json` shows it; what it hasn't is left out. docs/reading-runs.md describes it. */
export interface RecordJson {
  /** ISO 8601, UTC: when it happened, else when it was seen. */
  readonly time: string;
  readonly timeUnixNano: string;
  /** Left out when it is the same. */
  readonly observedUnixNano?: string;
  /** Python's name of the level. */
  readonly level?: string;
  readonly severityNumber: number;
  readonly severityText?: string;
  readonly logger: string;
  readonly eventName?: string;
  readonly stage?: AttributeJson;
  readonly trial?: AttributeJson;
  readonly body: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly attributes: Readonly<Record<string, AttributeJson>>;
}

/** Bytes are base64; NaN and infinities, which JSON hasn't, are the strings `NaN`, `Infinity` and `-Infinity`. */
export type AttributeJson = string | number | boolean | readonly (string | number)[];

/** A record as one line of JSON with a newline. */
export function toRecordLine(record: StoredRecord): string {
  return `${escapeJson(JSON.stringify(toRecordJson(record)))}\n`;
}

export function toRecordJson(record: StoredRecord): RecordJson {
  const { severity, severityText, eventName, observed, logger, body, spanId, traceId } = record;
  const time = record.time ?? observed;
  const level = toLevelName(severity, severityText);
  const timeUnixNano = toNanoString(time);
  const observedUnixNano = toNanoString(observed);
  const attributes = toAttributesJson(record.attributes);
  const { [ATTR.taskName]: stage, [ATTR.trialNumber]: trial } = attributes;
  return {
    time: toIsoTime(time),
    timeUnixNano,
    ...(observedUnixNano !== timeUnixNano && { observedUnixNano }),
    ...(level !== undefined && { level }),
    severityNumber: severity,
    ...(severityText !== undefined && { severityText }),
    logger,
    ...(eventName !== undefined && { eventName }),
    ...(stage !== undefined && { stage }),
    ...(trial !== undefined && { trial }),
    body,
    spanId,
    traceId,
    attributes,
  };
}

export function toAttributesJson(attributes: Attributes): Record<string, AttributeJson> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, toAttributeJson(value)]),
  );
}

export function toAttributeJson(value: AttributeValue): AttributeJson {
  if (typeof value === 'number') return toNumberJson(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (!Array.isArray(value)) return value;
  return (value as (string | number)[]).map((item) =>
    typeof item === 'number' ? toNumberJson(item) : item,
  );
}

export function toNumberJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
