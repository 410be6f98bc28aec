import { closeSync, openSync, readSync } from 'node:fs';
import type { Attributes, AttributeValue } from '../model/pipeline.ts';
import { parseNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';

/** A log record as a signal file has it. */
export interface StoredRecord {
  /** When it happened, where its source said so. */
  readonly time: UnixTime | undefined;
  readonly observed: UnixTime;
  readonly severity: number;
  readonly severityText: string | undefined;
  readonly eventName: string | undefined;
  readonly body: string;
  readonly attributes: Attributes;
  readonly spanId: string;
  readonly traceId: string;
  /** The instrumentation scope: the logger's name. */
  readonly logger: string;
}

/** A span as a signal file has it. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly start: UnixTime;
  readonly end: UnixTime;
  readonly attributes: Attributes;
  readonly isError: boolean;
  readonly message: string | undefined;
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Attributes;
  }[];
  readonly events: readonly {
    readonly name: string;
    readonly time: UnixTime;
    readonly attributes: Attributes;
  }[];
}

const BLOCK_BYTES = 512 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The whole lines of a JSON Lines file, from a byte on. A torn last line, which its writer is still at or was killed at,
 * is left out; no file is no lines.
 */
export function* readLines(
  path: string,
  from = 0,
): Generator<{ readonly bytes: Buffer; readonly offset: number }> {
  const fd = tryOpen(path);
  if (fd === undefined) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    let position = from;
    for (;;) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      const length = readSync(fd, block, 0, BLOCK_BYTES, position + rest.length);
      if (length === 0) return;
      const read = block.subarray(0, length);
      const bytes = rest.length === 0 ? read : Buffer.concat([rest, read]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield { bytes: bytes.subarray(start, end), offset: position + start };
        start = end + 1;
      }
      rest = bytes.subarray(start);
      position += start;
      if (rest.length > MAX_LINE_BYTES) return;
    }
  } finally {
    closeSync(fd);
  }
}

/** The log records of a `logs.jsonl`, in the order in which they were written. Lines that aren't OTLP are passed over. */
export function* readRecords(path: string): Generator<StoredRecord> {
  for (const { bytes } of readLines(path)) {
    yield* parseRecords(bytes);
  }
}

/** The log records of one line of a `logs.jsonl`. */
export function* parseRecords(line: Buffer): Generator<StoredRecord> {
  for (const { scope, item } of parseItems(line, LOGS)) yield parseItem(item, scope);
}

/** A log record from its JSON alone, without the envelope around it; `undefined` for what isn't a JSON object. */
export function parseRecord(json: string, logger: string): StoredRecord | undefined {
  try {
    const item: unknown = JSON.parse(json);
    return typeof item === 'object' && item !== null ? parseItem(item as Json, logger) : undefined;
  } catch {
    return undefined;
  }
}

/** The spans of a `traces.jsonl`, in the order in which they ended. */
export function* readSpans(path: string): Generator<StoredSpan> {
  for (const { bytes } of readLines(path)) {
    yield* parseSpans(bytes);
  }
}

/** The spans of one line of a `traces.jsonl`. */
export function* parseSpans(line: Buffer): Generator<StoredSpan> {
  for (const { item } of parseItems(line, SPANS)) yield parseSpan(item);
}

/** The metrics of a `metrics.jsonl`, as their JSON. */
export function* readMetrics(path: string): Generator<Readonly<Record<string, unknown>>> {
  for (const { bytes } of readLines(path)) yield* parseMetrics(bytes);
}

/** The metrics of one line of a `metrics.jsonl`, as their JSON. */
export function* parseMetrics(line: Buffer): Generator<Readonly<Record<string, unknown>>> {
  for (const { item } of parseItems(line, METRICS)) yield item;
}

/** The points of a metric of whichever kind, as their JSON. */
export function toMetricPoints(metric: Json): Json[] {
  return POINT_KINDS.flatMap((kind) => toList(toObject(metric[kind])['dataPoints']));
}

/** The kinds of metrics that OTLP has: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#metric-points */
const POINT_KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;

type Json = Readonly<Record<string, unknown>>;

interface SignalKeys {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

const LOGS: SignalKeys = { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' };
const SPANS: SignalKeys = { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' };
const METRICS: SignalKeys = {
  resources: 'resourceMetrics',
  scopes: 'scopeMetrics',
  items: 'metrics',
};

function* parseItems(line: Buffer, keys: SignalKeys): Generator<{ scope: string; item: Json }> {
  let envelope: unknown;
  try {
    envelope = JSON.parse(line.toString('utf8'));
  } catch {
    return;
  }
  for (const resource of toList(toObject(envelope)[keys.resources])) {
    for (const scope of toList(resource[keys.scopes])) {
      const name = toText(toObject(scope['scope'])['name']) ?? '';
      for (const item of toList(scope[keys.items])) yield { scope: name, item };
    }
  }
}

/** A log record from its JSON object, without the envelope around it. */
export function parseItem(item: Json, logger: string): StoredRecord {
  return {
    time: toTime(item['timeUnixNano']),
    observed: toTime(item['observedTimeUnixNano']) ?? toTime(item['timeUnixNano']) ?? [0, 0],
    severity: Number(toScalar(item['severityNumber'])) || 0,
    severityText: toText(item['severityText']),
    eventName: toText(item['eventName']),
    body: bodyToText(item['body']),
    attributes: parseAttributes(item['attributes']),
    spanId: toText(item['spanId']) ?? '',
    traceId: toText(item['traceId']) ?? '',
    logger,
  };
}

/** A span from its JSON alone, without the envelope around it. */
export function parseSpan(item: Readonly<Record<string, unknown>>): StoredSpan {
  const status = toObject(item['status']);
  return {
    traceId: toText(item['traceId']) ?? '',
    spanId: toText(item['spanId']) ?? '',
    parentSpanId: toText(item['parentSpanId']) || undefined,
    name: toText(item['name']) ?? '',
    kind: Number(toScalar(item['kind'])) || 0,
    start: toTime(item['startTimeUnixNano']) ?? [0, 0],
    end: toTime(item['endTimeUnixNano']) ?? [0, 0],
    attributes: parseAttributes(item['attributes']),
    isError: status['code'] === 2,
    message: toText(status['message']),
    links: toList(item['links']).map((link) => ({
      traceId: toText(link['traceId']) ?? '',
      spanId: toText(link['spanId']) ?? '',
      attributes: parseAttributes(link['attributes']),
    })),
    events: toList(item['events']).map((event) => ({
      name: toText(event['name']) ?? '',
      time: toTime(event['timeUnixNano']) ?? [0, 0],
      attributes: parseAttributes(event['attributes']),
    })),
  };
}

function toObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function toList(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(toObject) : [];
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Objects, which can't all be made strings or numbers of, count as nothing. */
function toScalar(value: unknown): string | number | boolean | undefined {
  return typeof value === 'object' ? undefined : (value as string);
}

/** 64-bit integers are strings in OTLP/JSON; numbers are taken too. */
function toTime(value: unknown): UnixTime | undefined {
  if (value === undefined || value === '0' || value === 0) return undefined;
  return parseNanoString(String(toScalar(value)));
}

function bodyToText(value: unknown): string {
  const body = toValue(toObject(value));
  return typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
}

/** A list of OTLP's key-value pairs. */
export function parseAttributes(value: unknown): Attributes {
  const attributes: Attributes = Object.create(null) as Attributes;
  for (const attribute of toList(value)) {
    const parsed = toValue(toObject(attribute['value']));
    if (parsed !== undefined) attributes[String(toScalar(attribute['key']))] = parsed;
  }
  return attributes;
}

/** Nobody nests values deeper but to see what breaks. */
const MAX_DEPTH = 100;

/** An OTLP `AnyValue`. Maps are given as their JSON. */
function toValue(value: Json, depth = 0): AttributeValue | undefined {
  if (value['stringValue'] !== undefined) return String(toScalar(value['stringValue']));
  if (value['intValue'] !== undefined) return Number(toScalar(value['intValue']));
  if (value['doubleValue'] !== undefined) return Number(toScalar(value['doubleValue']));
  if (value['boolValue'] !== undefined) return value['boolValue'] === true;
  if (value['bytesValue'] !== undefined)
    return Buffer.from(String(toScalar(value['bytesValue'])), 'base64');
  if (value['arrayValue'] !== undefined && depth < MAX_DEPTH) {
    return toList(toObject(value['arrayValue'])['values']).map(
      (item) => toValue(item, depth + 1) as string,
    );
  }
  return value['kvlistValue'] === undefined ? undefined : tryStringify(value['kvlistValue']);
}

function tryStringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // nested deeper than the stack
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
