import type { Context } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Resource } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor, ReadableLogRecord, SdkLogRecord } from '@opentelemetry/sdk-logs';
import {
  AlwaysOnSampler,
  NodeTracerProvider,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-node';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { RunId, SpanId } from '../../model/ids.ts';
import type { SecretMasker } from '../../model/secrets.ts';
import { MAX_VALUE_LENGTH } from '../api/attributes.ts';
import { tellFault } from '../api/safely.ts';
import { getScope } from '../api/scope-attributes.ts';
import { registerProviders } from '../api/telemetry.ts';
import { SendQueue } from './send-queue.ts';
import { toSentRecords, toSentSpan } from './sent-item.ts';

/** The run whose spans and records are sent. */
export interface SentRun {
  readonly runId: RunId;
  readonly resource: Resource;
  readonly masker: SecretMasker;
}

/**
 * This process's providers, whose spans and records go to an OTLP backend as they are made, by the official exporters
 * and as the standard variables say. Made once: what other instrumentations have taken of a provider they keep.
 */
export class DirectTelemetry {
  readonly spans = new SendQueue<ReadableSpan>({
    exporter: new OTLPTraceExporter(),
    sizeOf: ({ events }) => 2000 + 500 * events.length,
  });
  readonly records = new SendQueue<ReadableLogRecord>({
    exporter: new OTLPLogExporter(),
    sizeOf: ({ body }) => 1000 + 2 * (typeof body === 'string' ? body.length : 0),
  });
  #run: SentRun | undefined;
  #nextSpanId: SpanId | undefined;

  constructor() {
    const random = new RandomIdGenerator();
    const tracerProvider = new NodeTracerProvider({
      sampler: new AlwaysOnSampler(),
      spanProcessors: [this.#createSpanProcessor()],
      spanLimits: { attributeValueLengthLimit: MAX_VALUE_LENGTH, eventCountLimit: 1000 },
      idGenerator: {
        generateTraceId: () => this.#run?.runId ?? random.generateTraceId(),
        generateSpanId: () => this.#nextSpanId ?? random.generateSpanId(),
      },
    });
    const loggerProvider = new LoggerProvider({ processors: [this.#createLogProcessor()] });
    registerProviders(tracerProvider, loggerProvider);
  }

  /** From now on spans and records are those of `run`; `undefined`: they are nobody's, and not sent. */
  setRun(run: SentRun | undefined): void {
    this.#run = run;
  }

  /** Runs `start`, in which one span begins, which gets this ID. */
  withSpanId<T>(spanId: SpanId, start: () => T): T {
    this.#nextSpanId = spanId;
    try {
      return start();
    } finally {
      this.#nextSpanId = undefined;
    }
  }

  #createSpanProcessor(): SpanProcessor {
    return {
      onStart: () => {},
      onEnd: (span) => this.#take((run) => this.spans.add(toSentSpan(span, { ...run, scope: {} }))),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
  }

  #createLogProcessor(): LogRecordProcessor {
    return {
      onEmit: (record: SdkLogRecord, active?: Context) =>
        this.#take((run) => {
          for (const sent of toSentRecords(record, { ...run, scope: getScope(active) }))
            this.records.add(sent);
        }),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
  }

  #take(step: (run: SentRun) => void): void {
    try {
      if (this.#run !== undefined) step(this.#run);
    } catch (error) {
      tellFault(error);
    }
  }
}
