import type { Delivery, Destination, SentRun } from '../destination.ts';
import { Channel } from './channel.ts';
import { OtlpDelivery } from './delivery.ts';
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

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}
