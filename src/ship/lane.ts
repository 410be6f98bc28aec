import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, SentRun, StepOutcome } from '../sink/destination.ts';
import { findLeftovers } from './leftovers.ts';
import type { RunFinder } from './leftovers.ts';
import { openDelivery } from './open-delivery.ts';
import type { HeldDelivery } from './open-delivery.ts';
import { toReport } from './report.ts';
import type { DeliveryReport } from './report.ts';

export interface LaneOptions {
  readonly destination: Destination;
  /** The run that is going on. */
  readonly run: SentRun;
  readonly finder: RunFinder;
  /** Told why nothing is accepted, whenever that begins. */
  readonly onProblem: (reason: string) => void;
}

/** How often a run that goes on is looked at: a record is at the backend within a second of its writing. */
const LOOK_MS = 100;
const BLOCKED_MS = 60_000;
/** How long the end waits for a backend that has never answered. */
const FIRST_ANSWER_MS = 2000;
/** And for one that has had its time before, and never answered, or never took anything. */
const LAST_CHANCE_MS = 500;

/**
 * Sends to one destination for as long as a run goes on: what is new in the run first, and where there is nothing, what
 * older runs have left. Its own queue, waits and faults hold back no other lane.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #stop = new AbortController();
  readonly #wake = new AbortController();
  readonly #done: Promise<void>;
  #current: HeldDelivery | undefined;
  #leftovers: SentRun[] | undefined;
  #leftover: HeldDelivery | undefined;
  #problem: string | undefined;
  #hasAccepted = false;
  #hasFailed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#done = this.#follow().catch((error: unknown) => {
      this.#note((error as Error).message);
    });
  }

  /**
   * The run has ended: sends the rest, as long as it is accepted, for at most `timeoutMs`. A destination that accepts
   * nothing at the moment isn't waited for.
   */
  async finish(timeoutMs: number): Promise<DeliveryReport> {
    const stop = (): void => this.#stop.abort();
    const deadline = setTimeout(stop, timeoutMs);
    const patience = setTimeout(
      () => {
        if (!this.#hasAccepted) stop();
      },
      this.#hasFailed ? LAST_CHANCE_MS : FIRST_ANSWER_MS,
    );
    this.#wake.abort();
    await this.#done;
    clearTimeout(deadline);
    clearTimeout(patience);
    const { destination } = this.#options;
    const left = this.#leftovers ?? [];
    const report = toReport(destination, {
      delivery: this.#current?.delivery,
      problem: this.#problem,
      leftoverCount: left.length + (this.#leftover === undefined ? 0 : 1),
    });
    this.#current?.close();
    this.#leftover?.close();
    destination.close();
    return report;
  }

  get #isEnding(): boolean {
    return this.#wake.signal.aborted;
  }

  async #follow(): Promise<void> {
    const { destination, run } = this.#options;
    this.#current = openDelivery(destination, run);
    if (this.#current === undefined) throw new Error('another process sends this run already');
    while (!this.#stop.signal.aborted) {
      const outcome = await this.#step(this.#current);
      if (outcome.type === 'sent' || outcome.type === 'pending') continue;
      if (outcome.type === 'wait' || outcome.type === 'blocked') {
        if (this.#isEnding) return;
        await this.#pause(outcome.type === 'wait' ? outcome.atMs - Date.now() : BLOCKED_MS);
        continue;
      }
      const older = await this.#stepLeftover();
      if (older?.type === 'sent') continue;
      if (this.#isEnding) return;
      await this.#pause(LOOK_MS);
    }
    // What is still under way is cut off; if it was accepted all the same, that is remembered.
    await this.#step(this.#current);
  }

  async #step({ delivery }: HeldDelivery): Promise<StepOutcome> {
    const outcome = await delivery.step(this.#stop.signal);
    if (outcome.type === 'wait' || outcome.type === 'blocked') this.#note(outcome.reason);
    else if (outcome.type !== 'pending') this.#problem = undefined;
    if (outcome.type === 'sent') this.#hasAccepted = true;
    return outcome;
  }

  /** A piece of the oldest run that isn't sent yet; `undefined` when there is none, or nothing is accepted. */
  async #stepLeftover(): Promise<StepOutcome | undefined> {
    const { destination, finder, run } = this.#options;
    this.#leftovers ??= (await findLeftovers(destination, finder)).filter(
      ({ runDir }) => runDir !== run.runDir,
    );
    while (this.#leftover === undefined) {
      const oldest = this.#leftovers.shift();
      if (oldest === undefined) return undefined;
      this.#leftover = openDelivery(destination, oldest);
    }
    const outcome = await this.#step(this.#leftover);
    if (outcome.type === 'sent' || outcome.type === 'pending') return outcome;
    if (outcome.type === 'wait' || outcome.type === 'blocked') return outcome;
    this.#leftover.close();
    this.#leftover = undefined;
    return { type: 'sent' };
  }

  #note(reason: string): void {
    this.#hasFailed = true;
    if (this.#problem !== reason) this.#options.onProblem(reason);
    this.#problem = reason;
  }

  async #pause(ms: number): Promise<void> {
    const signal = this.#wake.signal;
    await sleep(Math.max(10, ms), undefined, { signal }).catch(() => {});
  }
}
