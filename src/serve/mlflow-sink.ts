import type { AddressInfo } from 'node:net';
import { createOtlpServer } from '../capture/receiver/server.ts';
import type { LoggingSettings } from '../model/run-info.ts';
import type { Destination } from '../sink/destination.ts';
import { ReceivedRuns } from './received-runs.ts';
import { Sender } from './sender.ts';

/** A run's own are below 1 MB, metrics with very many points below 3 MB. What is larger is kept as it is, several times over. */
const MAX_ITEM_BYTES = 4 * 1024 * 1024;

export interface SinkOptions {
  /** Where its run directories are. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly destination: Destination;
  readonly logging: LoggingSettings;
  readonly keepMs: number;
  readonly tell: (message: string) => void;
}

export interface RunningSink {
  readonly url: string;
  /** Stops taking anything in, and sending; what is here is sent by the next one. */
  stop(): Promise<void>;
}

/**
 * Takes runs in over OTLP/HTTP, into run directories of its own, and sends them on from there.
 * @throws the system's error when it can't listen there, or its folder can't be made
 */
export async function startSink(options: SinkOptions): Promise<RunningSink> {
  const { host, port, token, destination, keepMs, tell } = options;
  const runs = new ReceivedRuns(options.folder, options.logging);
  const server = createOtlpServer({
    token,
    maxItemBytes: MAX_ITEM_BYTES,
    reason: 'without the resource attribute cicd.pipeline.run.id',
    open: (signal) => ({
      add: (piece) => runs.take(piece, signal).strayCount,
      end: () => {},
    }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const sender = new Sender({ runs, destination, keepMs, tell });
  const sent = sender.run();
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    stop: async () => {
      sender.stop();
      server.closeIdleConnections();
      const closed = new Promise((resolve) => server.close(resolve));
      await sent;
      server.closeAllConnections();
      await closed;
    },
  };
}
