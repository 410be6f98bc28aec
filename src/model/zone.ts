import { localZoneName } from './local-zone.ts';
import { fromUnixMs, toUnixMs } from './time.ts';
import { ZoneOffsets } from './zone-offsets.ts';
import type { UnixTime } from './time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

// Year first with `-` or `/`, `T` or a space between, a fraction, a zone.
const DATE_TIME =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\d*(Z|[+-]\d\d:?\d\d)?$/;
const TIME_ONLY = /^(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?$/;
const EPOCH = /^\d{9,19}(?:\.\d{1,9})?$/;

const ASCTIME_LENGTH = '2026-11-23 01:33:56,793'.length;
const COMMA = 0x2c;
const DOT = 0x2e;
const COLON = 0x3a;

/** The number that a piece of a text is; negative when a character of it is no digit. */
function readDigits(text: string, from: number, to: number): number {
  let number = 0;
  for (let index = from; index < to; index += 1) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/**
 * Reads the times that programs print. Most are local times that name no zone: they are read in the run's zone, and
 * where a change from summer time makes one ambiguous, as the reading that is nearest to when the line was seen and not
 * before the stream's last time.
 */
export class Zone {
  readonly #offsets: ZoneOffsets;
  #minuteKey = '';
  #minuteMs = 0;
  /** Whether any other time of that minute is read alike. */
  #isMinuteSure = false;
  #minuteOfDay = -1;
  #minuteOfDayMs = 0;
  #minuteSeen = 0;
  #lastMs = -Infinity;

  /** @param name an IANA zone, such as `Europe/Berlin`; this process's own by default. */
  constructor(name: string = localZoneName()) {
    this.#offsets = new ZoneOffsets(name);
  }

  /** Reads a time; `seen` is when its line was. `undefined` when the text is no time that it knows. */
  read(text: string, seen: UnixTime): UnixTime | undefined {
    return this.#readSameMinute(text) ?? this.#readAny(text, seen);
  }

  /**
   * A time of the minute that the last one was in, as `logging` writes it (`2026-11-23 01:33:56,793`): what nearly all
   * lines of a busy program have, read without a regular expression.
   */
  #readSameMinute(text: string): UnixTime | undefined {
    if (text.length !== ASCTIME_LENGTH || !this.#isMinuteSure || !text.startsWith(this.#minuteKey))
      return undefined;
    const seconds = readDigits(text, 17, 19);
    const millis = readDigits(text, 20, 23);
    const separator = text.charCodeAt(19);
    if (seconds < 0 || millis < 0 || text.charCodeAt(16) !== COLON) return undefined;
    if (separator !== COMMA && separator !== DOT) return undefined;
    this.#lastMs = this.#minuteMs + seconds * 1000 + millis;
    return [this.#minuteMs / 1000 + seconds, millis * 1_000_000];
  }

  #readAny(text: string, seen: UnixTime): UnixTime | undefined {
    const date = DATE_TIME.exec(text);
    if (date !== null) return this.#readDateTime(text, date, seen);
    const time = TIME_ONLY.exec(text);
    if (time !== null) return this.#readTimeOfDay(time, seen);
    return EPOCH.test(text) ? readEpoch(text) : undefined;
  }

  #readDateTime(text: string, match: RegExpExecArray, seen: UnixTime): UnixTime {
    const zone = match[8];
    // The minute is resolved once: lines come in their thousands within one.
    const minuteKey = `${text.slice(0, 16)}${zone ?? ''}`;
    if (minuteKey !== this.#minuteKey || this.#isAmbiguous(this.#minuteMs)) {
      const wallMs = Date.UTC(+match[1]!, +match[2]! - 1, +match[3]!, +match[4]!, +match[5]!);
      this.#minuteMs =
        zone === undefined ? this.#toUnixMs(wallMs, seen) : wallMs - parseOffsetMs(zone);
      this.#minuteKey = minuteKey;
      this.#isMinuteSure = zone === undefined && !this.#isAmbiguous(this.#minuteMs);
    }
    const unixTime: UnixTime = [this.#minuteMs / 1000 + Number(match[6]), toNanos(match[7])];
    if (zone === undefined) this.#lastMs = toUnixMs(unixTime);
    return unixTime;
  }

  /** A time without a date is on the day that brings it nearest to when its line was seen. */
  #readTimeOfDay(match: RegExpExecArray, seen: UnixTime): UnixTime {
    const minute = Number(match[1]) * 60 + Number(match[2]);
    // The minute is resolved once, as long as it is seen at about the same time.
    if (minute !== this.#minuteOfDay || Math.abs(seen[0] - this.#minuteSeen) > 600) {
      this.#minuteOfDayMs = this.#resolveMinuteOfDay(minute, seen);
      this.#minuteOfDay = minute;
      this.#minuteSeen = seen[0];
    }
    return [this.#minuteOfDayMs / 1000 + Number(match[3]), toNanos(match[4])];
  }

  #resolveMinuteOfDay(minute: number, seen: UnixTime): number {
    const seenMs = toUnixMs(seen);
    const dayMs = Math.floor((seenMs + this.#offsets.at(seenMs)) / DAY_MS) * DAY_MS;
    const candidates = [-1, 0, 1].map((days) =>
      this.#toUnixMs(dayMs + days * DAY_MS + minute * MINUTE_MS, seen),
    );
    return candidates.reduce((a, b) => (Math.abs(b - seenMs) < Math.abs(a - seenMs) ? b : a));
  }

  /** Wall-clock milliseconds (as if UTC) to Unix time. */
  #toUnixMs(wallMs: number, seen: UnixTime): number {
    // The offsets before and after any change within a day of it.
    const early = wallMs - this.#offsets.at(wallMs - DAY_MS);
    const late = wallMs - this.#offsets.at(wallMs + DAY_MS);
    if (early === late) return early;
    const real = [early, late].filter((ms) => ms + this.#offsets.at(ms) === wallMs);
    if (real.length === 1) return real[0]!;
    if (real.length === 0) return early; // inside the hour that spring leaves out
    const following = real.filter((ms) => ms + MINUTE_MS > this.#lastMs);
    const choice = following.length > 0 ? following : real;
    const seenMs = toUnixMs(seen);
    return choice.reduce((a, b) => (Math.abs(b - seenMs) < Math.abs(a - seenMs) ? b : a));
  }

  #isAmbiguous(unixMs: number): boolean {
    return this.#offsets.at(unixMs - DAY_MS) !== this.#offsets.at(unixMs + DAY_MS);
  }
}

function parseOffsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * MINUTE_MS;
}

function toNanos(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction) * 10 ** (9 - fraction.length);
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told by their size. */
function readEpoch(text: string): UnixTime {
  const [whole, fraction] = text.split('.') as [string, string | undefined];
  if (whole.length <= 10) return [Number(whole), toNanos(fraction)];
  if (whole.length <= 13) return fromUnixMs(Number(text));
  const padded = whole.padEnd(19, '0');
  return [Number(padded.slice(0, 10)), Number(padded.slice(10))];
}
