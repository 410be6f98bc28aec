import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProtobuf } from '../../src/otlp/protobuf/decode.ts';
import { encodeProtobuf } from '../../src/otlp/protobuf/encode.ts';
import { ProtobufError } from '../../src/otlp/protobuf/protobuf-error.ts';
import { LOGS_REQUEST, METRICS_REQUEST, TRACES_REQUEST } from '../../src/otlp/protobuf/schema.ts';
import type { Field, Message } from '../../src/otlp/protobuf/schema.ts';

const SIGNALS = [
  { name: 'logs', schema: LOGS_REQUEST },
  { name: 'traces', schema: TRACES_REQUEST },
  { name: 'metrics', schema: METRICS_REQUEST },
];
const resource = resourceFromAttributes({
  'service.name': 'häßlich\u0000',
  n: 7,
  big: 2 ** 40,
  list: ['a', 'b'],
});

/** Values of a message, as OTLP/JSON has them. */
function arbitraryMessage(message: Message, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const fields = [...message.byName.values()].filter(
    ({ type }) => typeof type === 'string' || depth < 6,
  );
  if (fields.length === 0) return fc.constant({});
  // At most a few fields at once: messages within messages multiply.
  return fc
    .uniqueArray(fc.constantFrom(...fields), { minLength: 0, maxLength: 4 })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.map((field) => {
            const value = arbitraryValue(field, depth);
            return [
              field.name,
              field.isRepeated ? fc.array(value, { minLength: 1, maxLength: 3 }) : value,
            ];
          }),
        ),
      ),
    );
}

function arbitraryValue({ type }: Field, depth: number): fc.Arbitrary<unknown> {
  if (typeof type !== 'string') return arbitraryMessage(type(), depth + 1);
  switch (type) {
    case 'string':
      return fc.string({ unit: 'grapheme' });
    case 'bytes':
      return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'id':
      return fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    case 'bool':
      return fc.boolean();
    case 'double':
      return fc.double().map((value) => (Number.isFinite(value) ? value : String(value)));
    case 'uint32':
    case 'fixed32':
      return fc.nat(2 ** 32 - 1);
    case 'sint32':
    case 'int32':
      return fc.integer();
    case 'int64':
    case 'sfixed64':
      return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String);
    default:
      return fc.bigInt(0n, 2n ** 64n - 1n).map(String);
  }
}

describe.each(SIGNALS)('$name', ({ schema }) => {
  test('what was encoded is decoded to the same', () => {
    fc.assert(
      fc.property(arbitraryMessage(schema), (envelope) => {
        expect(decodeProtobuf(encodeProtobuf(envelope, schema), schema)).toEqual(envelope);
      }),
      { numRuns: 300 },
    );
  });

  test('bytes that are no message are an error or a message, and nothing else', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(arbitraryMessage(schema), fc.nat(), fc.nat(255)).map(([envelope, place, byte]) => {
        const encoded = encodeProtobuf(envelope, schema);
        if (encoded.length > 0) encoded[place % encoded.length] = byte;
        return encoded;
      }),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        try {
          decodeProtobuf(Buffer.from(each), schema);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('values of the wrong type are an error that names the field', () => {
  const encode = (value: unknown) =>
    encodeProtobuf(
      { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: value }] }] }] },
      LOGS_REQUEST,
    );
  expect(() => encode({ intValue: '1.5' })).toThrow(
    'resourceLogs.scopeLogs.logRecords.body.intValue: expected a whole number, got "1.5"',
  );
  expect(() => encode({ stringValue: 3 })).toThrow('expected a text');
  expect(() => encode({ doubleValue: 'x' })).toThrow('expected a number');
  expect(() => encode([])).toThrow('expected an object');
});

test('a message that is larger than the first buffer is whole', () => {
  const bodies = Array.from({ length: 5000 }, (_, index) => ({
    stringValue: `${index}`.repeat(20),
    doubleValue: index,
    intValue: String(-index),
  }));
  const envelope = {
    resourceLogs: [{ scopeLogs: [{ logRecords: bodies.map((body) => ({ body, flags: 1 })) }] }],
  };
  expect(decodeProtobuf(encodeProtobuf(envelope, LOGS_REQUEST), LOGS_REQUEST)).toEqual(envelope);
});

test('nesting without end is an error in both directions', () => {
  let value: unknown = { stringValue: '' };
  for (let depth = 0; depth < 5000; depth += 1) value = { arrayValue: { values: [value] } };
  const envelope = { resourceLogs: [{ resource: { attributes: [{ key: 'a', value }] } }] };
  expect(() => encodeProtobuf(envelope, LOGS_REQUEST)).toThrow('nested deeper');
  let bytes = Buffer.alloc(0);
  const wrap = (number: number): void => {
    const length = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      length.push(rest < 128 ? rest : (rest & 127) | 128);
      if (rest < 128) break;
    }
    bytes = Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
  };
  for (let depth = 0; depth < 5000; depth += 1) [1, 5].map(wrap);
  [2, 1, 1, 1].map(wrap);
  expect(() => decodeProtobuf(bytes, LOGS_REQUEST)).toThrow('nested deeper');
});

/** What is the same in both encodings of the official packages, said in the same way. */
function normalize(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => normalize(item, key));
  if (typeof value !== 'object' || value === null)
    return /int|count/i.test(key) ? String(value) : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => !isDefault(item))
      .map(([name, item]) => [name, normalize(item, name)]),
  );
}

/** Protobuf leaves out what has its default. */
function isDefault(value: unknown): boolean {
  return (
    value === 0 ||
    value === '' ||
    value === undefined ||
    value === '0' ||
    (Array.isArray(value) && value.length === 0)
  );
}

describe('the official encoders say the same', () => {
  const compare = (
    schema: Message,
    { json, protobuf }: { json: Uint8Array | undefined; protobuf: Uint8Array | undefined },
  ) => {
    const envelope: unknown = JSON.parse(Buffer.from(json!).toString('utf8'));
    const decoded = decodeProtobuf(Buffer.from(protobuf!), schema);
    expect(normalize(decoded)).toEqual(normalize(envelope));
    expect(normalize(decodeProtobuf(encodeProtobuf(envelope, schema), schema))).toEqual(
      normalize(decoded),
    );
  };

  test('of logs', () => {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({
      resource,
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger('a logger', '1.0');
    logger.emit({
      body: { a: [1, 'x', true, 0.5], b: { c: 'd' } },
      attributes: { n: -5, x: 1.25, bytes: new Uint8Array([1, 255]) },
      severityNumber: 17,
      eventName: 'e',
    });
    logger.emit({
      body: 'ünï',
      context: trace.setSpanContext(ROOT_CONTEXT, {
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        traceFlags: TraceFlags.SAMPLED,
      }),
    });
    const records = exporter.getFinishedLogRecords();
    compare(LOGS_REQUEST, {
      json: JsonLogsSerializer.serializeRequest(records),
      protobuf: ProtobufLogsSerializer.serializeRequest(records),
    });
  });

  test('of spans', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({
      resource,
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const tracer = provider.getTracer('t');
    const span = tracer.startSpan('a span', {
      kind: SpanKind.CLIENT,
      links: [
        {
          context: { traceId: '12'.repeat(16), spanId: '34'.repeat(8), traceFlags: 1 },
          attributes: { why: 'so' },
        },
      ],
    });
    span
      .addEvent('event', { a: [1, 2] })
      .setStatus({ code: SpanStatusCode.ERROR, message: 'no' })
      .end();
    const spans = exporter.getFinishedSpans();
    compare(TRACES_REQUEST, {
      json: JsonTraceSerializer.serializeRequest(spans),
      protobuf: ProtobufTraceSerializer.serializeRequest(spans),
    });
  });

  test('of metrics', async () => {
    class Reader extends MetricReader {
      protected override async onShutdown(): Promise<void> {}
      protected override async onForceFlush(): Promise<void> {}
    }
    const reader = new Reader();
    const meter = new MeterProvider({ resource, readers: [reader] }).getMeter('m');
    meter.createHistogram('h', { unit: 's' }).record(3.5, { a: 'b' });
    meter.createCounter('c').add(7);
    meter.createObservableGauge('g').addCallback((result) => result.observe(-2.5));
    const { resourceMetrics } = await reader.collect();
    compare(METRICS_REQUEST, {
      json: JsonMetricsSerializer.serializeRequest(resourceMetrics),
      protobuf: ProtobufMetricsSerializer.serializeRequest(resourceMetrics),
    });
  });
});
