import { expect, test } from 'vitest';
import { formatChange, formatCommands, formatPair } from '../../../src/view/diff/format-pair.ts';

test.each([
  [
    [0.9, 0.999],
    ['0.9', '0.999'],
  ],
  [
    [undefined, 5],
    ['-', '5'],
  ],
  [
    [true, false],
    ['yes', 'no'],
  ],
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [
    [0.98230088, 0.98230091],
    ['0.9823009', '0.9823009'],
  ],
] as const)('%j is shown as %j, with the digits that it takes', ([left, right], shown) => {
  const pair = formatPair({ left, right });
  if (shown[0] === shown[1]) expect(pair.left).not.toBe(pair.right);
  else expect(pair).toEqual({ left: shown[0], right: shown[1] });
});

test('texts that are too long begin a little before they part', () => {
  const same = 'the same beginning of both, ';
  expect(formatPair({ left: `${same}left`, right: `${same}right` }, 30)).toEqual({
    left: '…f both, left',
    right: '…f both, right',
  });
});

test.each([
  [0.5, 0.75, '+0.25 (+50 %)'],
  [0.9, 0.45, '-0.45 (-50 %)'],
  [20, 39, '+19'],
  [0, 0.5, '+0.5'],
  [1, NaN, ''],
  [undefined, 1, ''],
  ['a', 'b', ''],
])('from %j to %j is %j', (left, right, change) => {
  expect(formatChange(left, right)).toBe(change);
});

test.each([
  [
    ['python a.py --n 1 --m 2', 'python a.py --n 9 --m 2'],
    ['… 1 …', '… 9 …'],
  ],
  [
    ['python a.py', 'python a.py --fast'],
    ['…', '… --fast'],
  ],
  [
    ['x', 'y'],
    ['x', 'y'],
  ],
  [
    ['a a a', 'a a'],
    ['… a', '…'],
  ],
] as const)('of the commands %j, %j differs', ([left, right], [shownLeft, shownRight]) => {
  expect(formatCommands({ left, right })).toEqual({ left: shownLeft, right: shownRight });
});
