import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createOtlpServer } from '../capture/receiver/server.ts';
import type { LoggingSettings } from '../model/run-info.ts';
import type { Destination } from '../sink/destination.ts';
import { tryLock } from '../spool/lock.ts';
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
  /** Stops taking anything in, and sending; gives how many runs are here that the next one sends. */
  stop(): Promise<{ readonly unsentCount: number }>;
}

/** Another sink has the folder: two would write the same runs. */
export class FolderInUse extends Error {
  readonly code = 'FOLDER_IN_USE';
}

/**
 * Takes runs in over OTLP/HTTP, into run directories of its own, and sends them on from there.
 * @throws {FolderInUse}
 * @throws the system's error when it can't listen there, or its folder can't be made
 */
export async function startSink(options: SinkOptions): Promise<RunningSink> {
  const { token, destination, keepMs, tell } = options;
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
  const unlock = tryLock(join(options.folder, 'sink.lock'));
  if (unlock === undefined) throw new FolderInUse(`another sink uses ${options.folder}`);
  const opened = await listen(server, options).catch((error: Error) => error);
  if (opened instanceof Error) {
    unlock();
    throw opened;
  }
  const sender = new Sender({ runs, destination, keepMs, tell });
  const sent = sender.run();
  return {
    url: opened,
    stop: async () => {
      sender.stop();
      server.closeIdleConnections();
      const closed = new Promise((resolve) => server.close(resolve));
      await sent;
      server.closeAllConnections();
      await closed;
      unlock();
      return { unsentCount: sender.countUnsent() };
    },
  };
}

/** Gives where it listens. @throws the system's error */
async function listen(
  server: Server,
  { host, port }: Pick<SinkOptions, 'host' | 'port'>,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
