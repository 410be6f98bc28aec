import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { ReceiverThreadData, ReceiverThreadMessage } from '../capture/receiver/thread.ts';
import { TOKEN_HEADER } from '../capture/receiver/token-header.ts';
import type { Recording, Tell } from './recording.ts';

/** A request of the largest size takes some times as much while it is read. More than this ends the thread, not the run. */
const MAX_HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };
const STANDARD = /^OTEL_EXPORTER_OTLP_/;

/**
 * A recording that also takes in what the command's own OpenTelemetry sends. When no port can be had that is said, and
 * the command runs without.
 */
export async function withOtlpReceiver(recording: Recording, tell: Tell): Promise<Recording> {
  const { runDir, traceId } = recording.tie;
  const token = randomBytes(24).toString('hex');
  const data: ReceiverThreadData = { runDir, traceId, token };
  // dist/cli/ holds this file's bundle, with the thread's beside it.
  const worker = new Worker(new URL('./receiver-thread.js', import.meta.url), {
    workerData: data,
    resourceLimits: MAX_HEAP,
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const message = await new Promise<ReceiverThreadMessage>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve({ type: 'failed', message: error.message }));
  });
  if (message.type === 'failed') {
    tell(`can't take OTLP in: ${message.message}; the command runs without`);
    return recording;
  }
  worker.on('error', (error) => tell(`OTLP is no longer taken in: ${error.message}`));
  return {
    ...recording,
    otlpVariables: toVariables(message.port, token),
    finish: async (exit) => {
      worker.postMessage('end');
      await ended;
      return await recording.finish(exit);
    },
  };
}

/** What tells the command's own OpenTelemetry, and MLflow's, where to send to. */
function toVariables(port: number, token: string): NodeJS.ProcessEnv {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_HEADERS: `${TOKEN_HEADER}=${token}`,
    // Else MLflow's traces would no longer go to MLflow.
    MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT: 'true',
  };
}

/** An environment without what says where OpenTelemetry is to be sent: all of it comes to the run. */
export function withoutOtlpVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !STANDARD.test(name)));
}
