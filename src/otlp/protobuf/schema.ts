/**
 * OTLP's messages as protobuf, with the names that OTLP/JSON gives their fields: one table for both directions, since
 * JSON made by protobuf's own mapping isn't OTLP/JSON (IDs come out as base64).
 * Source: opentelemetry-proto 1.11.0, `opentelemetry/proto/**`.
 */
export type ScalarType =
  | 'string'
  /** Base64 in JSON. */
  | 'bytes'
  /** Bytes that are hexadecimal in JSON: trace and span IDs. */
  | 'id'
  | 'bool'
  | 'double'
  /** 32-bit varints, enums too. */
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  /** 64-bit integers are decimal strings in JSON. */
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64';

export interface Field {
  readonly number: number;
  /** Its name in OTLP/JSON. */
  readonly name: string;
  /** A scalar, or a message; behind a function, since messages hold each other. */
  readonly type: ScalarType | (() => Message);
  readonly isRepeated: boolean;
}

export interface Message {
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
}

type FieldSpec = readonly [number: number, type: Field['type'], repeated?: 'repeated'];

function message(fields: Readonly<Record<string, FieldSpec>>): Message {
  const list = Object.entries(fields).map(([name, [number, type, repeated]]): Field => ({
    number,
    name,
    type,
    isRepeated: repeated !== undefined,
  }));
  return {
    byName: new Map(list.map((field) => [field.name, field])),
    byNumber: new Map(list.map((field) => [field.number, field])),
  };
}

const ANY_VALUE: Message = message({
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  arrayValue: [5, () => ARRAY_VALUE],
  kvlistValue: [6, () => KEY_VALUE_LIST],
  bytesValue: [7, 'bytes'],
});
const ARRAY_VALUE: Message = message({ values: [1, () => ANY_VALUE, 'repeated'] });
const KEY_VALUE = message({ key: [1, 'string'], value: [2, () => ANY_VALUE] });
const KEY_VALUE_LIST: Message = message({ values: [1, () => KEY_VALUE, 'repeated'] });

const RESOURCE = message({
  attributes: [1, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [2, 'uint32'],
});
const SCOPE = message({
  name: [1, 'string'],
  version: [2, 'string'],
  attributes: [3, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [4, 'uint32'],
});

const SPAN_EVENT = message({
  timeUnixNano: [1, 'fixed64'],
  name: [2, 'string'],
  attributes: [3, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [4, 'uint32'],
});
const SPAN_LINK = message({
  traceId: [1, 'id'],
  spanId: [2, 'id'],
  traceState: [3, 'string'],
  attributes: [4, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [5, 'uint32'],
  flags: [6, 'fixed32'],
});
const STATUS = message({ message: [2, 'string'], code: [3, 'int32'] });
const SPAN = message({
  traceId: [1, 'id'],
  spanId: [2, 'id'],
  traceState: [3, 'string'],
  parentSpanId: [4, 'id'],
  name: [5, 'string'],
  kind: [6, 'int32'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: [9, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [10, 'uint32'],
  events: [11, () => SPAN_EVENT, 'repeated'],
  droppedEventsCount: [12, 'uint32'],
  links: [13, () => SPAN_LINK, 'repeated'],
  droppedLinksCount: [14, 'uint32'],
  status: [15, () => STATUS],
  flags: [16, 'fixed32'],
});

const LOG_RECORD = message({
  timeUnixNano: [1, 'fixed64'],
  severityNumber: [2, 'int32'],
  severityText: [3, 'string'],
  body: [5, () => ANY_VALUE],
  attributes: [6, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [7, 'uint32'],
  flags: [8, 'fixed32'],
  traceId: [9, 'id'],
  spanId: [10, 'id'],
  observedTimeUnixNano: [11, 'fixed64'],
  eventName: [12, 'string'],
});

const EXEMPLAR = message({
  filteredAttributes: [7, () => KEY_VALUE, 'repeated'],
  timeUnixNano: [2, 'fixed64'],
  asDouble: [3, 'double'],
  asInt: [6, 'sfixed64'],
  spanId: [4, 'id'],
  traceId: [5, 'id'],
});
const NUMBER_POINT = message({
  attributes: [7, () => KEY_VALUE, 'repeated'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  asDouble: [4, 'double'],
  asInt: [6, 'sfixed64'],
  exemplars: [5, () => EXEMPLAR, 'repeated'],
  flags: [8, 'uint32'],
});
const HISTOGRAM_POINT = message({
  attributes: [9, () => KEY_VALUE, 'repeated'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64', 'repeated'],
  explicitBounds: [7, 'double', 'repeated'],
  exemplars: [8, () => EXEMPLAR, 'repeated'],
  flags: [10, 'uint32'],
  min: [11, 'double'],
  max: [12, 'double'],
});
const BUCKETS = message({ offset: [1, 'sint32'], bucketCounts: [2, 'uint64', 'repeated'] });
const EXPONENTIAL_POINT = message({
  attributes: [1, () => KEY_VALUE, 'repeated'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint32'],
  zeroCount: [7, 'fixed64'],
  positive: [8, () => BUCKETS],
  negative: [9, () => BUCKETS],
  flags: [10, 'uint32'],
  exemplars: [11, () => EXEMPLAR, 'repeated'],
  min: [12, 'double'],
  max: [13, 'double'],
  zeroThreshold: [14, 'double'],
});
const QUANTILE = message({ quantile: [1, 'double'], value: [2, 'double'] });
const SUMMARY_POINT = message({
  attributes: [7, () => KEY_VALUE, 'repeated'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  quantileValues: [6, () => QUANTILE, 'repeated'],
  flags: [8, 'uint32'],
});
const GAUGE = message({ dataPoints: [1, () => NUMBER_POINT, 'repeated'] });
const SUM = message({
  dataPoints: [1, () => NUMBER_POINT, 'repeated'],
  aggregationTemporality: [2, 'int32'],
  isMonotonic: [3, 'bool'],
});
const HISTOGRAM = message({
  dataPoints: [1, () => HISTOGRAM_POINT, 'repeated'],
  aggregationTemporality: [2, 'int32'],
});
const EXPONENTIAL_HISTOGRAM = message({
  dataPoints: [1, () => EXPONENTIAL_POINT, 'repeated'],
  aggregationTemporality: [2, 'int32'],
});
const SUMMARY = message({ dataPoints: [1, () => SUMMARY_POINT, 'repeated'] });
const METRIC = message({
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, () => GAUGE],
  sum: [7, () => SUM],
  histogram: [9, () => HISTOGRAM],
  exponentialHistogram: [10, () => EXPONENTIAL_HISTOGRAM],
  summary: [11, () => SUMMARY],
  metadata: [12, () => KEY_VALUE, 'repeated'],
});

/** A request: resources, in them scopes, in them items. */
function request(
  names: { readonly resources: string; readonly scopes: string; readonly items: string },
  item: Message,
): Message {
  const scope = message({
    scope: [1, () => SCOPE],
    [names.items]: [2, () => item, 'repeated'],
    schemaUrl: [3, 'string'],
  });
  const resource = message({
    resource: [1, () => RESOURCE],
    [names.scopes]: [2, () => scope, 'repeated'],
    schemaUrl: [3, 'string'],
  });
  return message({ [names.resources]: [1, () => resource, 'repeated'] });
}

/** `ExportTraceServiceRequest`, which is what a line of `traces.jsonl` is too. */
export const TRACES_REQUEST = request(
  { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  SPAN,
);
/** `ExportLogsServiceRequest` */
export const LOGS_REQUEST = request(
  { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
  LOG_RECORD,
);
/** `ExportMetricsServiceRequest` */
export const METRICS_REQUEST = request(
  { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
  METRIC,
);

function response(rejected: string): Message {
  const partial = message({ [rejected]: [1, 'int64'], errorMessage: [2, 'string'] });
  return message({ partialSuccess: [1, () => partial] });
}

/** What a backend answers: `ExportTraceServiceResponse`, and so on. */
export const TRACES_RESPONSE = response('rejectedSpans');
export const LOGS_RESPONSE = response('rejectedLogRecords');
export const METRICS_RESPONSE = response('rejectedDataPoints');

/** `google.rpc.Status`, which it answers when it refuses; without details. */
export const RPC_STATUS = message({ code: [1, 'int32'], message: [2, 'string'] });
