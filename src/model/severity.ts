/** OpenTelemetry's severity number: 1 to 24, and 0 for a record whose source gave no level. */
export type SeverityNumber = number;

/** The lowest severity number of each of OpenTelemetry's ranges. */
export const SEVERITY = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const;

/**
 * A Python `logging` level as severity number: tens are the first of a range, 1 and 2 above them the second and third,
 * all up to the next ten the fourth (loguru's SUCCESS, 25, is 12).
 */
export function fromPythonLevel(level: number): SeverityNumber {
  if (!(level >= 10)) return SEVERITY.trace;
  const tens = Math.min(Math.floor(level / 10), 5);
  return 1 + tens * 4 + Math.min(Math.floor(level - tens * 10), 3);
}

/** A severity number as a Python `logging` level, the lowest that it can stand for. */
export function toPythonLevel(severity: SeverityNumber): number {
  return ((severity - 1) >> 2) * 10 + ((severity - 1) & 3);
}

const NAMES: Readonly<Record<string, SeverityNumber>> = {
  TRACE: 1,
  DEBUG: 5,
  INFO: 9,
  NOTICE: 10,
  SUCCESS: 12,
  WARN: 13,
  WARNING: 13,
  ERROR: 17,
  CRITICAL: 21,
  FATAL: 21,
};

/** The level words that are read as such, upper case. */
export const LEVEL_NAMES: readonly string[] = Object.keys(NAMES);

/**
 * The severity number of a level's name in any case, Python's `Level 15` for unnamed ones included; `undefined` for a
 * word that is none.
 */
export function fromLevelName(name: string): SeverityNumber | undefined {
  const known = NAMES[name] ?? NAMES[name.toUpperCase()];
  if (typeof known === 'number') return known;
  const numbered = /^Level (\d{1,4})$/.exec(name);
  return numbered === null ? undefined : fromPythonLevel(Number(numbered[1]));
}

/** OpenTelemetry's short name of the range that a number lies in; `''` for 0. */
export function toSeverityName(severity: SeverityNumber): string {
  if (severity <= 0) return '';
  return ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][Math.min(5, (severity - 1) >> 2)]!;
}
