import { formatNumber } from '../text/units.ts';
import type { Scalar } from './run-facts.ts';

interface Pair<Value> {
  readonly left: Value;
  readonly right: Value;
}

const MISSING = '-';

/**
 * Two values that differ, so that it shows: numbers with as many digits as it takes. Texts longer than `maxLength`
 * begin a little before they part.
 */
export function formatPair(
  { left, right }: Pair<Scalar | undefined>,
  maxLength?: number,
): Pair<string> {
  if (typeof left === 'number' && typeof right === 'number') return formatNumbers(left, right);
  const pair = { left: formatScalar(left), right: formatScalar(right) };
  const isLong = Math.max(pair.left.length, pair.right.length) > (maxLength ?? Infinity);
  return isLong ? cutCommonStart(pair) : pair;
}

function formatScalar(value: Scalar | undefined): string {
  if (value === undefined) return MISSING;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? formatNumber(value) : value;
}

function formatNumbers(left: number, right: number): Pair<string> {
  for (let digits = 4; digits < 17; digits += 1) {
    const pair = { left: formatNumber(left, digits), right: formatNumber(right, digits) };
    if (pair.left !== pair.right) return pair;
  }
  return { left: String(left), right: String(right) };
}

/** Characters that are left of what two texts begin alike with. */
const KEPT = 8;

function cutCommonStart({ left, right }: Pair<string>): Pair<string> {
  let same = 0;
  while (same < left.length && left[same] === right[same]) same += 1;
  const cut = same - KEPT;
  return cut <= KEPT
    ? { left, right }
    : { left: `…${left.slice(cut)}`, right: `…${right.slice(cut)}` };
}

/** How much more the second number is: `+0.0087 (+0.9 %)`. */
export function formatChange(left: Scalar | undefined, right: Scalar | undefined): string {
  if (typeof left !== 'number' || typeof right !== 'number') return '';
  const change = right - left;
  if (!Number.isFinite(change)) return '';
  const relative =
    left === 0 || Number.isInteger(change)
      ? ''
      : ` (${sign(change / Math.abs(left), (part) => `${formatNumber(100 * part, 2)} %`)})`;
  return sign(change, (size) => formatNumber(size, 3)) + relative;
}

function sign(value: number, format: (size: number) => string): string {
  return `${value < 0 ? '-' : '+'}${format(Math.abs(value))}`;
}

/** Two command lines without the words that they begin and end with alike. */
export function formatCommands({ left, right }: Pair<string>): Pair<string> {
  const [leftWords, rightWords] = [left.split(/\s+/), right.split(/\s+/)];
  const shortest = Math.min(leftWords.length, rightWords.length);
  let start = 0;
  while (start < shortest && leftWords[start] === rightWords[start]) start += 1;
  let end = 0;
  while (end < shortest - start && leftWords.at(-1 - end) === rightWords.at(-1 - end)) end += 1;
  const pick = (words: readonly string[]): string =>
    [
      ...(start > 0 ? ['…'] : []),
      ...words.slice(start, words.length - end),
      ...(end > 0 ? ['…'] : []),
    ].join(' ');
  return { left: pick(leftWords), right: pick(rightWords) };
}
