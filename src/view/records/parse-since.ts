import { compareTimes, fromUnixMs, toUnixMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { Zone } from '../../model/zone.ts';

const AGO = /^(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|min|h|d|w)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAY_SECONDS = 86_400;
const DATE = /^\d{4}-\d\d-\d\d$/;
const TO_THE_MINUTE = /\d\d:\d\d$/;

/**
 * Reads a time as people give one: `10m`, `2h`, `1d` before `now`; `2026-11-23T06:30:00Z`, with an offset, or in this
 * machine's zone without; `2026-11-23`; `06:30`. `undefined` for anything else.
 */
export function parseSince(text: string, now: UnixTime): UnixTime | undefined {
  const ago = AGO.exec(text);
  if (ago !== null) return fromUnixMs(toUnixMs(now) - Number(ago[1]) * UNIT_MS[ago[2]!]!);
  const zone = new Zone();
  const day = DATE.test(text) ? `${text} 00:00:00` : text;
  const read = zone.read(day, now) ?? zone.read(withSeconds(day), now);
  if (read === undefined || Number.isNaN(read[0])) return undefined;
  // A time of day is the last one that was.
  return !day.includes('-') && compareTimes(read, now) > 0
    ? [read[0] - DAY_SECONDS, read[1]]
    : read;
}

/** `06:30` and `2026-11-23 06:30`, with the seconds that they leave out. */
function withSeconds(text: string): string {
  const [, time, zone = ''] = /^(.*?)(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
  return time !== undefined && TO_THE_MINUTE.test(time) ? `${time}:00${zone}` : text;
}
