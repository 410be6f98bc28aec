import { join } from 'node:path';
import { FILE } from '../../../src/spool/layout.ts';
import { readLines } from '../../../src/spool/signal-reader.ts';

type Signal = 'logs' | 'traces';

/** Sends a run directory as it is, envelope by envelope, as plain OTLP/JSON. @throws when one is refused. */
export async function postRun(
  otlpUrl: string,
  runDir: string,
  signals: readonly Signal[] = ['logs', 'traces'],
): Promise<void> {
  for (const signal of signals) {
    for (const { bytes } of readLines(join(runDir, FILE[signal])))
      await postOtlp(`${otlpUrl}/v1/${signal}`, bytes);
  }
}

/** Sends one OTLP/JSON request. @throws when it, or a part of it, is refused. */
export async function postOtlp(url: string, body: Buffer | string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Uint8Array(Buffer.from(body as string)),
  });
  const text = await response.text();
  if (!response.ok || /"rejected\w+":"?[1-9]/.test(text))
    throw new Error(`${url}: ${response.status} ${text}`);
}
