// An instrumented program: spans, records and a metric by OpenTelemetry's own SDK and exporters, with nothing said of
// where to send them but by the environment. usage: send.mjs protobuf|json [gzip]
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  defaultTextMapGetter,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const isJson = process.argv[2] === 'json';
const resource = resourceFromAttributes({ 'service.name': 'trainer', team: 'vision' });
const tracers = new NodeTracerProvider({
  resource,
  spanProcessors: [
    new BatchSpanProcessor(isJson ? new JsonTraceExporter() : new OTLPTraceExporter()),
  ],
});
const loggers = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
});

const parent = new W3CTraceContextPropagator().extract(
  ROOT_CONTEXT,
  { traceparent: process.env.TRACEPARENT },
  defaultTextMapGetter,
);
const tracer = tracers.getTracer('loader', '1.2.3');
const inner = tracer.startSpan(
  'load',
  { kind: SpanKind.CLIENT, attributes: { rows: 7, 'db.system.name': 'sqlite' } },
  parent,
);
const context = trace.setSpan(parent, inner);
loggers.getLogger('loader').emit({
  severityNumber: 13,
  severityText: 'WARN',
  body: 'a slow query',
  eventName: 'query.slow',
  attributes: { ms: 1.5, password: 'hunter2-is-secret' },
  context,
});
inner.addEvent('row', { index: 1 });
inner.setStatus({ code: SpanStatusCode.ERROR, message: 'gone' });
tracer.startSpan('child', {}, context).end();
inner.end();
const foreign = tracer.startSpan('elsewhere', { root: true }, ROOT_CONTEXT);
tracer.startSpan('deeper', {}, trace.setSpan(ROOT_CONTEXT, foreign)).end();
loggers
  .getLogger('loader')
  .emit({ body: 'of another trace', context: trace.setSpan(ROOT_CONTEXT, foreign) });
foreign.end();
console.log(JSON.stringify({ foreign: foreign.spanContext().traceId }));
meters
  .getMeter('loader')
  .createCounter('rows', { unit: '{row}' })
  .add(7, { split: 'train', password: 'hunter2-is-secret' });
await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()]);
