import { join } from 'node:path';
import { hasEnded } from '../run-end.ts';
import type { Delivery, DeliveryStatus, SentRun, StepOutcome } from '../destination.ts';
import type { Channel } from './channel.ts';
import { OtlpCursor } from './cursor.ts';
import { SignalDelivery } from './signal-delivery.ts';
import type { SignalOutcome } from './signal-delivery.ts';
import { SignalFile } from './signal-file.ts';

/** When a signal that waits must not hold up another one that doesn't. */
const LOOK_MS = 200;
/** When a cursor that can't be written is tried again. */
const RETRY_SAVE_MS = 2000;

/** A run on its way to an OTLP backend: its signals side by side, each by its own channel. */
export class OtlpDelivery implements Delivery {
  readonly #run: SentRun;
  readonly #cursor: OtlpCursor;
  readonly #signals: readonly { readonly channel: Channel; readonly delivery: SignalDelivery }[];

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
      return { channel, delivery: new SignalDelivery({ channel, file, cursor: this.#cursor }) };
    });
  }

  async step(signal: AbortSignal): Promise<StepOutcome> {
    try {
      // Before anything is sent: what can't be remembered would be sent twice.
      this.#cursor.save();
      const isEnded = hasEnded(this.#run);
      const outcomes = await Promise.all(
        this.#signals.map(async ({ delivery }) => delivery.step(signal)),
      );
      this.#noteAbsent(outcomes);
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

  /** A backend of one signal (Jaeger, Loki) has nothing at the others' addresses: that is no fault, and said once. */
  #noteAbsent(outcomes: readonly SignalOutcome[]): void {
    if (!this.#signals.some(({ channel }) => channel.hasAccepted)) return;
    for (const [index, outcome] of outcomes.entries()) {
      const { settings } = this.#signals[index]!.channel;
      if (outcome.type !== 'blocked' || !outcome.isMissing || !settings.isImplied) continue;
      this.#cursor.setAbsent(settings.signal.name, outcome.reason);
    }
  }
}

function toOutcome(outcomes: readonly SignalOutcome[], isEnded: boolean): StepOutcome {
  if (outcomes.some(({ type }) => type === 'sent')) return { type: 'sent' };
  const hindered = outcomes.filter(
    (outcome) => outcome.type === 'wait' || outcome.type === 'blocked',
  );
  const [first] = hindered.toSorted((a, b) => a.atMs - b.atMs);
  if (first === undefined) return { type: isEnded ? 'done' : 'idle' };
  const isHealthyBeside = hindered.length < outcomes.length && !isEnded;
  if (first.type === 'blocked' && !isHealthyBeside)
    return { type: 'blocked', reason: first.reason };
  const atMs = isHealthyBeside ? Math.min(first.atMs, Date.now() + LOOK_MS) : first.atMs;
  return { type: 'wait', atMs, reason: first.reason };
}
