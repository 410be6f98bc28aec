import {
  ProxyTracerProvider,
  ROOT_CONTEXT,
  context,
  createContextKey,
  propagation,
  trace,
} from '@opentelemetry/api';
import type { Context, Tracer } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  AlwaysOnSampler,
  NodeTracerProvider,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-node';
import type { SpanId } from '../../model/ids.ts';
import { MAX_VALUE_LENGTH } from './attributes.ts';
import { LogEntryProcessor } from './log-processor.ts';
import type { Recording } from './recording.ts';
import { SpanEntryProcessor } from './span-processor.ts';

/** OpenTelemetry's providers of this process. */
export interface Telemetry {
  readonly tracer: Tracer;
  readonly loggerProvider: LoggerProvider;
  /** Whether all spans of this process are ours; not so where the program has registered a provider of its own. */
  readonly isGlobal: boolean;
  /** Runs `start`, in which one span begins, which gets this ID. */
  withSpanId<T>(spanId: SpanId | undefined, start: () => T): T;
}

/**
 * Makes the providers and registers them, so that the spans and records of any instrumentation come to us and nest in ours.
 * What the program has registered before stays: then ours work beside it.
 */
export function createTelemetry(getRecording: () => Recording | undefined): Telemetry {
  let nextSpanId: SpanId | undefined;
  const random = new RandomIdGenerator();
  const tracerProvider = new NodeTracerProvider({
    // Without it an unsampled caller (`TRACEPARENT=…-00`) would switch the recording off.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SpanEntryProcessor(getRecording)],
    spanLimits: { attributeValueLengthLimit: MAX_VALUE_LENGTH, eventCountLimit: 1000 },
    idGenerator: {
      generateTraceId: () => getRecording()?.info.traceId ?? random.generateTraceId(),
      generateSpanId: () => nextSpanId ?? random.generateSpanId(),
    },
  });
  const loggerProvider = new LoggerProvider({ processors: [new LogEntryProcessor(getRecording)] });
  return {
    tracer: tracerProvider.getTracer('stagelight'),
    loggerProvider,
    isGlobal: registerProviders(tracerProvider, loggerProvider),
    withSpanId: (spanId, start) => {
      nextSpanId = spanId;
      try {
        return start();
      } finally {
        nextSpanId = undefined;
      }
    },
  };
}

/**
 * Makes providers the process's own, where the program has registered none before.
 * @returns whether that tracer provider is the process's own now
 */
export function registerProviders(
  tracerProvider: NodeTracerProvider,
  loggerProvider: LoggerProvider,
): boolean {
  logs.setGlobalLoggerProvider(loggerProvider); // keeps one that is there
  if (!hasTracerProvider()) {
    tracerProvider.register({
      ...(hasContextManager() && { contextManager: null }),
      ...(propagation.fields().length > 0 && { propagator: null }),
    });
    return true;
  }
  return false;
}

function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  // Where none is set the API gives a proxy, and the proxy the one that does nothing.
  const none = new ProxyTracerProvider().getDelegate();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== none;
}

function hasContextManager(): boolean {
  const probe: Context = ROOT_CONTEXT.setValue(createContextKey('stagelight probe'), true);
  return context.with(probe, () => context.active() === probe);
}
