import type { RunInfo } from '../model/run-info.ts';
import type { DeliveryReport } from '../ship/report.ts';
import type { DestinationContext } from '../sink/context.ts';
import { hasDestinations } from '../sink/registry.ts';
import type { Tell } from './recording.ts';
import { ShipWorker } from './ship-worker.ts';

/** Where and for how long a run is sent. */
export interface SendingOptions {
  readonly context: Omit<DestinationContext, 'env'>;
  /** How long the end waits while something is being accepted. */
  readonly flushTimeoutMs: number;
}

export interface ShippingOptions {
  readonly home: string;
  readonly runDir: string;
  readonly info: RunInfo;
  readonly env: NodeJS.ProcessEnv;
  readonly sending: SendingOptions | undefined;
  readonly tell: Tell;
}

/** Sends a run: while it goes on, or at its end where the run itself has made what it is sent to (MLflow's database). */
export class Shipping {
  readonly #options: ShippingOptions;
  #worker: ShipWorker | undefined;

  constructor(options: ShippingOptions) {
    this.#options = options;
  }

  /** Begins, where there is anything to send to. */
  start(): void {
    const { sending, ...rest } = this.#options;
    if (sending === undefined || !hasDestinations({ ...sending.context, env: rest.env })) return;
    this.#worker ??= new ShipWorker({ ...rest, ...sending });
  }

  /** The run has ended, and all of it is on disk. */
  async finish(): Promise<readonly DeliveryReport[]> {
    this.start();
    return (await this.#worker?.finish()) ?? [];
  }
}
