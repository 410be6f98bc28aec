import type {
  Delivery,
  Destination,
  ProbeResult,
  RepairRequest,
  RepairResult,
  SentRun,
} from '../destination.ts';
import { Channel } from './channel.ts';
import { OtlpDelivery } from './delivery.ts';
import { probeChannel } from './probe.ts';
import { repairSignal } from './repair.ts';
import type { OtlpSettings } from './settings.ts';

/** Any OTLP backend, by HTTP. */
export class OtlpDestination implements Destination {
  readonly name: string;
  readonly #channels: readonly Channel[];

  constructor({ name, signals }: OtlpSettings) {
    this.name = name;
    this.#channels = signals.map((settings) => new Channel(settings));
  }

  get address(): string {
    const [first, ...others] = this.#channels.map(({ address, settings }) =>
      address.replace(new RegExp(`/${settings.signal.path}$`), ''),
    );
    return [...new Set([first, ...others])].join(', ');
  }

  open(run: SentRun): Delivery {
    return new OtlpDelivery({ name: this.name, run, channels: this.#channels });
  }

  async repair(request: RepairRequest): Promise<RepairResult> {
    const results = await Promise.all(
      this.#channels.map(async (channel) => repairSignal(channel, request)),
    );
    const problem = results.find((result) => result.problem !== undefined)?.problem;
    const sentCount = results.reduce((sum, result) => sum + result.sentCount, 0);
    return { sentCount, ...(problem !== undefined && { problem }) };
  }

  async probe(signal: AbortSignal): Promise<readonly ProbeResult[]> {
    return Promise.all(this.#channels.map(async (channel) => probeChannel(channel, signal)));
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}
