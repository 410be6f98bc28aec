import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, SentRun } from '../sink/destination.ts';
import { openDelivery } from './open-delivery.ts';
import type { HeldDelivery } from './open-delivery.ts';
import { toReport } from './report.ts';
import type { DeliveryReport } from './report.ts';

export interface PushOptions {
  readonly destination: Destination;
  /** The runs to send, in this order. */
  readonly runs: readonly SentRun[];
  /** How long nothing may be accepted before it is given up. */
  readonly patienceMs: number;
  /** Sends from the beginning what is sent already. */
  readonly isAgain: boolean;
  readonly onProgress?: (run: SentRun, pendingBytes: number) => void;
  readonly signal: AbortSignal;
}

export interface PushedRun {
  readonly run: SentRun;
  readonly report: DeliveryReport;
  /** Bytes that were sent by this call. */
  readonly sentBytes: number;
}

const BUSY = 'another process sends it at the moment';

/** Sends runs to a destination, one after the other, until it accepts nothing any more. */
export async function pushRuns(options: PushOptions): Promise<PushedRun[]> {
  const pushed: PushedRun[] = [];
  let givenUp: string | undefined;
  for (const run of options.runs) {
    const one = await pushRun(options, { run, givenUp });
    givenUp ??= one.givenUp;
    pushed.push(one.pushed);
  }
  return pushed;
}

async function pushRun(
  options: PushOptions,
  { run, givenUp }: { run: SentRun; givenUp: string | undefined },
): Promise<{ pushed: PushedRun; givenUp?: string | undefined }> {
  const { destination, isAgain } = options;
  let held: HeldDelivery | undefined;
  try {
    held = openDelivery(destination, run);
    const delivery = held?.delivery;
    if (delivery === undefined) {
      const report = toReport(destination, { delivery, problem: BUSY, leftoverCount: 0 });
      return { pushed: { run, report, sentBytes: 0 } };
    }
    if (isAgain && givenUp === undefined) delivery.restart();
    const before = delivery.status().pendingBytes;
    const problem = givenUp ?? (await sendAll(held!, { run, options }));
    const report = toReport(destination, { delivery, problem, leftoverCount: 0 });
    return {
      pushed: { run, report, sentBytes: Math.max(0, before - report.pendingBytes) },
      givenUp: problem,
    };
  } catch (error) {
    const problem = (error as Error).message;
    const report = toReport(destination, { delivery: undefined, problem, leftoverCount: 0 });
    return { pushed: { run, report, sentBytes: 0 } };
  } finally {
    held?.close();
  }
}

/** Steps until all is sent. Gives why not, when that is given up. */
async function sendAll(
  { delivery }: HeldDelivery,
  { run, options }: { run: SentRun; options: PushOptions },
): Promise<string | undefined> {
  const { signal, patienceMs, onProgress } = options;
  let untilMs = Date.now() + patienceMs;
  while (!signal.aborted) {
    const outcome = await delivery.step(signal);
    switch (outcome.type) {
      case 'sent':
        untilMs = Date.now() + patienceMs;
        onProgress?.(run, delivery.status().pendingBytes);
        break;
      case 'wait':
        if (outcome.atMs > untilMs) return outcome.reason;
        await sleep(Math.max(10, outcome.atMs - Date.now()), undefined, { signal }).catch(() => {});
        break;
      case 'pending':
        if (Date.now() > untilMs) return delivery.status().problem ?? 'no answer';
        break;
      case 'blocked':
        return outcome.reason;
      default:
        return undefined;
    }
  }
  return 'it was stopped';
}
