import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { AppendFile } from '../../spool/append-file.ts';
import { FILE } from '../../spool/layout.ts';
import { toSourceName } from '../../spool/process-identity.ts';
import { createReceiverServer } from './server.ts';

/** What the receiver's thread is given. */
export interface ReceiverThreadData {
  readonly runDir: string;
  readonly traceId: string;
  readonly token: string;
}

/** What it tells, once: where it listens, or why it doesn't. */
export type ReceiverThreadMessage =
  | { readonly type: 'open'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string };

/** How long requests that are under way when the command has ended are waited for. */
const CLOSE_MS = 2000;

/**
 * Takes OTLP in, in a thread of its own: what it reads mustn't hold up the command's output. It has an inbox of its own,
 * which is made with the first entry. It ends when it is told to (any message).
 */
function receiveInThread({ runDir, ...data }: ReceiverThreadData, port: MessagePort): void {
  let inbox: AppendFile | undefined;
  const open = (): AppendFile =>
    new AppendFile(join(runDir, FILE.inbox, `otlp-${toSourceName()}.jsonl`));
  const server = createReceiverServer({
    ...data,
    append: (lines) => (inbox ??= open()).append(Buffer.from(lines)),
  });
  const tell = (message: ReceiverThreadMessage): void => port.postMessage(message);
  server.once('error', (error) => {
    tell({ type: 'failed', message: error.message });
    port.close();
  });
  server.listen(0, '127.0.0.1', () =>
    tell({ type: 'open', port: (server.address() as AddressInfo).port }),
  );
  port.once('message', () => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close(() => {
      clearTimeout(timer);
      inbox?.close();
      port.close();
    });
    server.closeIdleConnections();
  });
}

if (parentPort !== null) receiveInThread(workerData as ReceiverThreadData, parentPort);
