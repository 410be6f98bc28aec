// Sends large requests, many at once, some too large: counts the records of those that were taken.
import { gzipSync } from 'node:zlib';

const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: header } = process.env;
const [name, token] = header.split('=');
const COUNT = 2000;
const toBody = (length) =>
  gzipSync(
    JSON.stringify({
      resourceLogs: [
        {
          scopeLogs: [
            {
              scope: { name: 'flood' },
              logRecords: Array.from({ length: COUNT }, () => ({
                body: { stringValue: 'x'.repeat(length) },
              })),
            },
          ],
        },
      ],
    }),
  );
const bodies = [toBody(5000), toBody(5000), toBody(20_000)];
let sent = 0;
let taken = 0;
for (let round = 0; round < 4; round += 1) {
  await Promise.all(
    [...bodies, ...bodies].map(async (body) => {
      sent += COUNT;
      const response = await fetch(`${url}/v1/logs`, {
        method: 'POST',
        body,
        headers: { [name]: token, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      }).catch(() => undefined);
      if (response?.status === 200) taken += COUNT;
      await response?.arrayBuffer().catch(() => undefined);
    }),
  );
}
console.log(JSON.stringify({ sent, taken }));
