import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { RunInfo } from '../model/run-info.ts';
import type { DeliveryReport } from '../ship/report.ts';
import { Shipper } from '../ship/shipper.ts';
import type { DestinationContext } from '../sink/context.ts';
import { createDestinations } from '../sink/registry.ts';
import { openRun } from '../view/open-run.ts';
import { FaultLog } from '../spool/fault-log.ts';

/** What the thread that sends a run is given. Its environment is the thread's own. */
export interface ShipThreadData {
  readonly home: string;
  readonly runDir: string;
  readonly info: RunInfo;
  readonly context: Omit<DestinationContext, 'env'>;
}

/** What it is told: the run has ended. */
export interface ShipThreadOrder {
  readonly flushTimeoutMs: number;
}

/** What it tells: that nothing can be sent as things are configured, or how far it came. */
export type ShipThreadMessage =
  | { readonly type: 'fault'; readonly message: string }
  | { readonly type: 'done'; readonly reports: readonly DeliveryReport[] };

/**
 * Sends a run in a thread of its own, from its directory: nothing that a backend does reaches what captures and writes
 * the run.
 */
async function shipInThread(data: ShipThreadData, port: MessagePort): Promise<void> {
  const { home, runDir, info, context } = data;
  const tell = (message: ShipThreadMessage): void => port.postMessage(message);
  // Asked for before anything is awaited: the run may have ended by then.
  const ordered = new Promise<ShipThreadOrder>((resolve) => port.once('message', resolve));
  const faults = new FaultLog(runDir);
  const tellFault = ({ message, hint }: { message: string; hint?: string | undefined }): void => {
    faults.add({ code: 'send', message });
    tell({ type: 'fault', message: hint === undefined ? message : `${message}; ${hint}` });
  };
  try {
    const destinations = await createDestinations({ ...context, env: process.env }, tellFault);
    const shipper = new Shipper({
      destinations,
      run: { runDir, info },
      finder: { home, openRun },
      onProblem: (name, reason) => faults.add({ code: `send-${name}`, message: reason }),
    });
    const { flushTimeoutMs } = await ordered;
    tell({ type: 'done', reports: await shipper.finish(flushTimeoutMs) });
  } catch (error) {
    tellFault(error as Error);
    await ordered;
    tell({ type: 'done', reports: [] });
  }
}

if (parentPort !== null) {
  const port = parentPort;
  void shipInThread(workerData as ShipThreadData, port).finally(() => port.close());
}
