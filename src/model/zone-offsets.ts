import { localZoneName } from './local-zone.ts';

const QUARTER_MS = 15 * 60_000;
const MAX_KEPT = 1000;

/** A zone's offsets from UTC. They change at whole quarters of an hour only, so one is computed for each quarter. */
export class ZoneOffsets {
  readonly #name: string;
  readonly #isLocal: boolean;
  readonly #offsets = new Map<number, number>();
  #format: Intl.DateTimeFormat | undefined;

  /** @param name an IANA zone, such as `Europe/Berlin` */
  constructor(name: string) {
    this.#name = name;
    this.#isLocal = name === localZoneName();
  }

  /** Milliseconds that the zone's clocks are ahead of UTC at a time. */
  at(unixMs: number): number {
    const quarter = Math.floor(unixMs / QUARTER_MS);
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      if (this.#offsets.size >= MAX_KEPT) this.#offsets.clear();
      offset = this.#compute(quarter * QUARTER_MS);
      this.#offsets.set(quarter, offset);
    }
    return offset;
  }

  #compute(unixMs: number): number {
    // The system's own clock is there already; `Intl` takes 20 ms to load.
    if (this.#isLocal) return -60_000 * new Date(unixMs).getTimezoneOffset();
    return this.#computeElsewhere(unixMs);
  }

  #computeElsewhere(unixMs: number): number {
    this.#format ??= new Intl.DateTimeFormat('en-US', {
      timeZone: this.#name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const parts = Object.fromEntries(
      this.#format.formatToParts(unixMs).map(({ type, value }) => [type, Number(value)]),
    );
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - unixMs;
  }
}
