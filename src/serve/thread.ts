import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { createMlflowDestination } from '../sink/mlflow/mlflow.ts';
import { readMlflowSettings } from '../sink/mlflow/settings.ts';
import type { MlflowConfig } from '../sink/mlflow/settings.ts';
import { startSink } from './mlflow-sink.ts';
import type { SinkOptions } from './mlflow-sink.ts';

/** What the service's thread is given. Its environment is the thread's own: MLflow's logins are in it. */
export interface SinkThreadData extends Omit<SinkOptions, 'destination' | 'tell'> {
  readonly mlflow: MlflowConfig;
}

/** What it tells: that it listens, or why it can't, what there is to say later, and what it leaves behind. */
export type SinkThreadMessage =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'refused'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'stopped'; readonly unsentCount: number };

/** Runs the service in a thread of its own until it is told to stop (any message). */
async function serveInThread(data: SinkThreadData, port: MessagePort): Promise<void> {
  const { mlflow, ...options } = data;
  const say = (message: SinkThreadMessage): void => port.postMessage(message);
  const stopped = new Promise((resolve) => port.once('message', resolve));
  const running = await startSink({
    ...options,
    destination: createMlflowDestination({
      ...readMlflowSettings(mlflow, process.env),
      isSink: true,
    }),
    tell: (message) => say({ type: 'note', message }),
  }).catch((error: NodeJS.ErrnoException) =>
    say({ type: 'refused', message: error.message, code: error.code }),
  );
  if (running === undefined) return;
  say({ type: 'listening', url: running.url });
  await stopped;
  say({ type: 'stopped', ...(await running.stop()) });
}

if (parentPort !== null) {
  const port = parentPort;
  void serveInThread(workerData as SinkThreadData, port).finally(() => port.close());
}
