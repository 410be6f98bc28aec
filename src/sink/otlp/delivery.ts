import { join } from 'node:path';
import { hasEnded } from '../run-end.ts';
import type { Delivery, DeliveryStatus, SentRun, StepOutcome } from '../destination.ts';
import type { Channel } from './channel.ts';
import { OtlpCursor } from './cursor.ts';
import { SignalDelivery } from './signal-delivery.ts';
import type { SignalOutcome } from './signal-delivery.ts';
import { settle } from './settle.ts';
import { SignalFile } from './signal-file.ts';

/** When a signal that waits must not hold up another one that doesn't. */
const LOOK_MS = 200;
/** When a cursor that can't be written is tried again. */
const RETRY_SAVE_MS = 2000;

interface SignalLane {
  readonly channel: Channel;
  readonly delivery: SignalDelivery;
  /** Its step, until somebody has seen what came of it. */
  underWay?: Promise<SignalOutcome>;
}

/** A run on its way to an OTLP backend: its signals side by side, each by its own channel. */
export class OtlpDelivery implements Delivery {
  readonly #run: SentRun;
  readonly #cursor: OtlpCursor;
  readonly #signals: readonly SignalLane[];

  constructor({
    name,
    run,
    channels,
  }: {
    name: string;
    run: SentRun;
    channels: readonly Channel[];
  }) {
    this.#run = run;
    this.#cursor = new OtlpCursor(run.runDir, name);
    this.#signals = channels.map((channel) => {
      const file = new SignalFile(join(run.runDir, channel.settings.signal.file));
      const delivery = new SignalDelivery({ channel, file, cursor: this.#cursor });
      return { channel, delivery };
    });
  }

  async step(signal: AbortSignal): Promise<StepOutcome> {
    try {
      // Before anything is sent: what can't be remembered would be sent twice.
      this.#cursor.save();
      const isEnded = hasEnded(this.#run);
      const outcomes = this.#noteAbsent(await this.#stepAll(signal, isEnded));
      this.#cursor.save();
      return toOutcome(outcomes, isEnded);
    } catch (error) {
      const reason = `the run directory can't be read or written: ${(error as Error).message}`;
      return { type: 'wait', atMs: Date.now() + RETRY_SAVE_MS, reason };
    }
  }

  status(): DeliveryStatus {
    const problems = this.#signals
      .filter(({ delivery }) => delivery.pendingBytes > 0)
      .flatMap(({ delivery }) => delivery.problem ?? []);
    const notes = this.#signals.flatMap(({ channel: { settings } }) => {
      const { name } = settings.signal;
      const reason = this.#cursor.absence(name);
      // Nobody misses metrics where traces or logs are kept.
      return reason === undefined || name === 'metrics'
        ? []
        : [`it takes no ${settings.signal.name}: ${reason}`];
    });
    return {
      pendingBytes: this.#signals.reduce((sum, { delivery }) => sum + delivery.pendingBytes, 0),
      refused: this.#cursor.refused,
      refusedCount: this.#cursor.refusedCount,
      ...(problems[0] !== undefined && { problem: problems[0] }),
      notes,
    };
  }

  restart(): void {
    this.#cursor.clear();
    for (const { delivery } of this.#signals) delivery.restart();
  }

  close(): void {
    for (const { delivery } of this.#signals) delivery.close();
  }

  /**
   * Steps each signal that isn't under way. Gives what has come of them as soon as something was sent or nothing is under
   * way any more: one that hangs holds back no other. Of a run that goes on nobody waits longer than a moment.
   */
  async #stepAll(
    signal: AbortSignal,
    isEnded: boolean,
  ): Promise<readonly (SignalOutcome | undefined)[]> {
    const steps = this.#signals.map(async (each) => (each.underWay ??= each.delivery.step(signal)));
    const mostMs = isEnded || signal.aborted ? undefined : LOOK_MS;
    const outcomes = await settle(steps, { isEnough: ({ type }) => type === 'sent', mostMs });
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome !== undefined) delete this.#signals[index]!.underWay;
    }
    return outcomes;
  }

  /** A backend of one signal (Jaeger, Loki) has nothing at the others' addresses: that is no fault, and said once. */
  #noteAbsent(
    outcomes: readonly (SignalOutcome | undefined)[],
  ): readonly (SignalOutcome | undefined)[] {
    if (!this.#signals.some(({ channel }) => channel.hasAccepted)) return outcomes;
    return outcomes.map((outcome, index) => {
      const { settings } = this.#signals[index]!.channel;
      if (outcome?.type !== 'blocked' || !outcome.isMissing || !settings.isImplied) return outcome;
      this.#cursor.setAbsent(settings.signal.name, outcome.reason);
      return { type: 'empty' };
    });
  }
}

function toOutcome(
  outcomes: readonly (SignalOutcome | undefined)[],
  isEnded: boolean,
): StepOutcome {
  if (outcomes.some((outcome) => outcome?.type === 'sent')) return { type: 'sent' };
  const hindered = outcomes.filter(
    (outcome) => outcome?.type === 'wait' || outcome?.type === 'blocked',
  );
  if (outcomes.includes(undefined)) return { type: 'pending' };
  const [first] = hindered.toSorted((a, b) => a.atMs - b.atMs);
  if (first === undefined) return { type: isEnded ? 'done' : 'idle' };
  const isHealthyBeside = hindered.length < outcomes.length && !isEnded;
  if (first.type === 'blocked' && !isHealthyBeside)
    return { type: 'blocked', reason: first.reason };
  const atMs = isHealthyBeside ? Math.min(first.atMs, Date.now() + LOOK_MS) : first.atMs;
  return { type: 'wait', atMs, reason: first.reason };
}
