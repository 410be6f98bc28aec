import type { SecretMasker } from '../model/secrets.ts';
import { LOOKAHEAD_BYTES, MAX_PART_BYTES } from './console/line-splitter.ts';
import type { ChooseCut } from './console/line-splitter.ts';

/** Cuts a line that is too long where no character and, as far as can be seen, no secret is cut through. */
export function createChooseCut(masker: SecretMasker): ChooseCut {
  return (bytes) => {
    const cut = toCharacterStart(bytes, Math.min(MAX_PART_BYTES, bytes.length));
    const from = Math.max(0, cut - LOOKAHEAD_BYTES);
    // Secrets are ASCII: in latin1 a byte is a character, so places in the text are places in the bytes.
    const around = bytes.toString('latin1', from, Math.min(bytes.length, cut + LOOKAHEAD_BYTES));
    const crossing = masker.findCrossing(around, cut - from);
    return crossing === undefined || from + crossing < 1 ? cut : from + crossing;
  };
}

/** The start of the UTF-8 character that a place is in. */
function toCharacterStart(bytes: Buffer, place: number): number {
  let start = place;
  while (start > place - 4 && start > 1 && start < bytes.length && (bytes[start]! & 0xc0) === 0x80)
    start -= 1;
  return start;
}
