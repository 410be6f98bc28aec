/** What `%<letter>` gives, as Python's `strftime` has it in the C locale; the time is local. */
const CODES: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getFullYear()),
  y: (time) => pad(time.getFullYear() % 100),
  m: (time) => pad(time.getMonth() + 1),
  d: (time) => pad(time.getDate()),
  H: (time) => pad(time.getHours()),
  I: (time) => pad(time.getHours() % 12 || 12),
  M: (time) => pad(time.getMinutes()),
  S: (time) => pad(time.getSeconds()),
  f: (time) => pad(time.getMilliseconds() * 1000, 6),
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  j: (time) => pad(toDayOfYear(time), 3),
  a: (time) => toWord(time, { weekday: 'short' }),
  A: (time) => toWord(time, { weekday: 'long' }),
  b: (time) => toWord(time, { month: 'short' }),
  B: (time) => toWord(time, { month: 'long' }),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  F: (time) => formatTime('%Y-%m-%d', time),
  T: (time) => formatTime('%H:%M:%S', time),
  '%': () => '%',
};

/** The letters that {@link formatTime} knows. */
export const TIME_CODES: readonly string[] = Object.keys(CODES);

/** The first `%` and letter that {@link formatTime} doesn't know. */
export function findUnknownCode(format: string, known: readonly string[]): string | undefined {
  return (format.match(/%[^]?/g) ?? []).find((code) => !known.includes(code.slice(1)));
}

/** A time by a `strftime` format; what {@link findUnknownCode} finds stays as it is. */
export function formatTime(format: string, time: Date): string {
  return format.replace(/%([^])/g, (code, letter: string) =>
    Object.hasOwn(CODES, letter) ? CODES[letter]!(time) : code,
  );
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

function toWord(time: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', options).format(time);
}

function toDayOfYear(time: Date): number {
  const day = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return Math.round((day - Date.UTC(time.getFullYear(), 0, 0)) / 86_400_000);
}
