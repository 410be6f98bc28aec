import type { UnixTime } from '../../src/model/time.ts';

/** Microseconds since 1970, which Python's times have: whole ones, so that two programs round alike. */
export function toUnixMicros([seconds, nanos]: UnixTime): number {
  return seconds * 1e6 + nanos / 1000;
}
