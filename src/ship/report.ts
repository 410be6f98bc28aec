import type { Delivery, Destination, RefusedItem } from '../sink/destination.ts';

/** How far a run has come with one destination. Can be handed from a thread to another. */
export interface DeliveryReport {
  readonly name: string;
  readonly address: string;
  /** Bytes of the run that are still to send. */
  readonly pendingBytes: number;
  /** The run did nothing that is to be sent there. */
  readonly hasNothing: boolean;
  readonly refusedCount: number;
  readonly refused: readonly RefusedItem[];
  /** Why the rest isn't sent. */
  readonly problem: string | undefined;
  readonly notes: readonly string[];
  /** Older runs that aren't sent wholly. */
  readonly leftoverCount: number;
}

export function toReport(
  { name, address }: Destination,
  told: { delivery: Delivery | undefined; problem: string | undefined; leftoverCount: number },
): DeliveryReport {
  const { delivery, leftoverCount } = told;
  const status = delivery?.status();
  const pendingBytes = status?.pendingBytes ?? 0;
  return {
    name,
    address,
    pendingBytes,
    hasNothing: status?.hasNothing === true,
    refusedCount: status?.refusedCount ?? 0,
    refused: status?.refused ?? [],
    problem:
      pendingBytes > 0 || status === undefined ? (told.problem ?? status?.problem) : undefined,
    notes: status?.notes ?? [],
    leftoverCount,
  };
}
