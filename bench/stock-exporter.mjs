// The stock way: the SDK's batch processor, with a queue for all of it, and its OTLP exporter.
// Usage: node bench/stock-exporter.mjs <records> <url>
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';

const [count, url] = process.argv.slice(2);
const provider = new LoggerProvider({
  resource: resourceFromAttributes({
    'service.name': 'stock',
    'cicd.pipeline.run.id': 'ab'.repeat(16),
  }),
  processors: [
    new BatchLogRecordProcessor({
      exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }),
      maxQueueSize: Number(count) + 1,
      maxExportBatchSize: 8192,
    }),
  ],
});
const logger = provider.getLogger('app');
for (let n = 0; n < Number(count); n += 1) {
  logger.emit({
    severityNumber: 9,
    severityText: 'INFO',
    body: `epoch ${n % 100}: accuracy 0.${n % 10_000}, ${n} rows seen`,
    attributes: {
      'log.iostream': 'stdout',
      'code.function.name': 'fit',
      'log.record.uid': `1f3-${n}`,
      'cicd.pipeline.task.name': 'train',
      'log.record.original': `[2026-11-23 01:33:56,793][__main__][INFO] - epoch ${n % 100}: accuracy`,
    },
  });
}
await provider.shutdown();
