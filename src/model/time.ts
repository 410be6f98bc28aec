import { performance } from 'node:perf_hooks';

/**
 * A point in time as OpenTelemetry's JS SDK takes it: whole seconds since 1970 (UTC) and nanoseconds within the second.
 * Two numbers, because nanoseconds since 1970 don't fit one, and a bigint for every log line is measurably slower.
 */
export type UnixTime = [seconds: number, nanos: number];

const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;

/** From milliseconds since 1970, with a fraction or without. */
export function fromUnixMs(ms: number): UnixTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * NANOS_PER_MS)];
}

/** Milliseconds since 1970, with a fraction of microsecond precision. */
export function toUnixMs(time: UnixTime): number {
  return time[0] * 1000 + time[1] / NANOS_PER_MS;
}

/** Milliseconds from `start` to `end`; negative when `end` is earlier. */
export function toDurationMs(start: UnixTime, end: UnixTime): number {
  return (end[0] - start[0]) * 1000 + (end[1] - start[1]) / NANOS_PER_MS;
}

/** Below 0 when `a` is earlier, 0 when equal, above 0 when later. */
export function compareTimes(a: UnixTime, b: UnixTime): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** The later of the two. */
export function laterOf(a: UnixTime, b: UnixTime): UnixTime {
  return compareTimes(a, b) >= 0 ? a : b;
}

/** Decimal nanoseconds since 1970, as OTLP/JSON writes 64-bit integers. */
export function toNanoString(time: UnixTime): string {
  return `${time[0]}${String(time[1]).padStart(9, '0')}`;
}

/** The reverse of {@link toNanoString}; `undefined` for what isn't 1 to 20 digits. */
export function parseNanoString(text: string): UnixTime | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const padded = text.padStart(10, '0');
  return [Number(padded.slice(0, -9)), Number(padded.slice(-9))];
}

/** How often the clock is held against the system's: that alone would be a third of what a call costs (bench/logger.mjs). */
const SETTING_MS = 50;

/** A clock of nanosecond resolution that follows the system's clock: it is set again when the two are over 2 ms apart. */
export function createClock(): () => UnixTime {
  let anchorMs = 0;
  let [anchorSeconds, anchorNanos] = [0, 0];
  let anchorTickMs = 0;
  let settingTickMs = -Infinity;
  const follow = (tickMs: number): void => {
    settingTickMs = tickMs;
    const wallMs = Date.now();
    if (Math.abs(anchorMs + tickMs - anchorTickMs - wallMs) <= 2) return;
    anchorMs = wallMs;
    anchorTickMs = tickMs;
    [anchorSeconds, anchorNanos] = fromUnixMs(wallMs);
  };
  return () => {
    const tickMs = performance.now();
    if (tickMs - settingTickMs >= SETTING_MS) follow(tickMs);
    const nanos = anchorNanos + Math.round((tickMs - anchorTickMs) * NANOS_PER_MS);
    const seconds = Math.floor(nanos / NANOS_PER_SECOND);
    return [anchorSeconds + seconds, nanos - seconds * NANOS_PER_SECOND];
  };
}

/** Now, by this process's {@link createClock}. */
export const now = createClock();
