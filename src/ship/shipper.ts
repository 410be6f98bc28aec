import type { Destination, SentRun } from '../sink/destination.ts';
import { Lane } from './lane.ts';
import type { RunFinder } from './leftovers.ts';
import type { DeliveryReport } from './report.ts';

export interface ShipperOptions {
  readonly destinations: readonly Destination[];
  readonly run: SentRun;
  readonly finder: RunFinder;
  /** Told why a destination accepts nothing, whenever that begins. */
  readonly onProblem: (name: string, reason: string) => void;
}

/** Sends a run to all destinations while it goes on, each by a lane of its own. */
export class Shipper {
  readonly #lanes: readonly Lane[];

  constructor({ destinations, run, finder, onProblem }: ShipperOptions) {
    this.#lanes = destinations.map(
      (destination) =>
        new Lane({
          destination,
          run,
          finder,
          onProblem: (reason) => onProblem(destination.name, reason),
        }),
    );
  }

  /** The run has ended. Waits while something is being accepted, at most `timeoutMs`. */
  async finish(timeoutMs: number): Promise<readonly DeliveryReport[]> {
    return Promise.all(this.#lanes.map(async (lane) => lane.finish(timeoutMs)));
  }
}
