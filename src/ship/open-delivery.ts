import { join } from 'node:path';
import type { Delivery, Destination, SentRun } from '../sink/destination.ts';
import { createCursorDir } from '../spool/cursor-file.ts';
import { tryLock } from '../spool/lock.ts';

/** A delivery whose cursor nobody else moves meanwhile. */
export interface HeldDelivery {
  readonly delivery: Delivery;
  close(): void;
}

/**
 * Opens a run for a destination: one shipper for each cursor. `undefined` while another process has it.
 * @throws the file system's error when the run directory can't be read or written
 */
export function openDelivery(destination: Destination, run: SentRun): HeldDelivery | undefined {
  const folder = createCursorDir(run.runDir);
  const unlock = tryLock(join(folder, `${destination.name}.lock`));
  if (unlock === undefined) return undefined;
  try {
    const delivery = destination.open(run);
    return {
      delivery,
      close: () => {
        delivery.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
