import { toUnixMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';

/** A duration for people: `640 ms`, `17.2 s`, `4m 03s`, `2h 05m`, `3d 04h`. */
export function formatDuration(ms: number): string {
  if (ms < 0.5) return '0 ms';
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

/** A size for people, in powers of 1000: `820 B`, `196 kB`, `1.4 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5 || unit === 'GB')
      return `${unit === 'B' || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1000;
  }
  return '';
}

/** A measured number for people: at most `digits` significant digits, but all of those before the point. */
export function formatNumber(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < 1e15)) return String(value);
  if (size >= 1e-4 && size < 1e15) {
    const wholeDigits = Math.trunc(Math.log10(size)) + 1;
    return String(Number(value.toPrecision(Math.max(digits, wholeDigits))));
  }
  return value.toExponential(digits - 1).replace(/\.?0*e/, 'e');
}

/** `1 stage`, `3 stages`, `no stages` as `0 stages`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A time in this machine's zone, to the second: `2026-11-23 06:30:13`. */
export function formatLocalTime(time: UnixTime): string {
  const date = new Date(toUnixMs(time));
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(':')}`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A time in this machine's zone, as short as tells it from others: `06:30:13` today, `Nov 23 06:30`, `2025-11-23`. */
export function formatShortTime(time: UnixTime, now: UnixTime): string {
  const [date, today] = [new Date(toUnixMs(time)), new Date(toUnixMs(now))];
  if (date.getFullYear() !== today.getFullYear()) return formatLocalTime(time).slice(0, 10);
  const isToday = date.getMonth() === today.getMonth() && date.getDate() === today.getDate();
  if (isToday) return formatLocalTime(time).slice(11);
  const minute = [date.getHours(), date.getMinutes()].map(pad).join(':');
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${minute}`;
}

/** A time as ISO 8601 in UTC, to the millisecond. */
export function toIsoTime(time: UnixTime): string {
  return new Date(Math.floor(toUnixMs(time))).toISOString();
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
