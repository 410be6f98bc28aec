import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { layoutColumns, truncate, wrap } from '../../../src/view/text/columns.ts';
import { createPaint } from '../../../src/view/text/paint.ts';

const PIPED = createPaint({}, {});
const terminal = (columns: number) => createPaint({ isTTY: true, columns }, { NO_COLOR: '1' });

test('columns are as wide as their widest cell, counted as terminals do', () => {
  const rows = [
    ['a', '1'],
    ['日本語', '22'],
  ];
  expect(layoutColumns(rows, [{}, { align: 'right' }], PIPED)).toEqual([
    'a        1',
    '日本語  22',
  ]);
});

test('what is piped is never cut', () => {
  const [line] = layoutColumns([['x'.repeat(300), 'y']], [{ minWidth: 5 }, {}], PIPED);
  expect(line).toBe(`${'x'.repeat(300)}  y`);
});

test('on a terminal the last columns that may give way do, down to their least width', () => {
  const rows = [['fixed', 'a'.repeat(30), 'b'.repeat(30)]];
  const [line] = layoutColumns(rows, [{}, { minWidth: 4 }, { minWidth: 10 }], terminal(40));
  expect(line).toBe(`fixed  ${'a'.repeat(20)}…  ${'b'.repeat(9)}…`);
  expect(stringWidth(line!)).toBe(40);
});

test('colours do not count, and end where a cell is cut', () => {
  const paint = createPaint({ isTTY: true, columns: 8 }, {});
  const cell = [{ text: 'red', style: 'red' }, { text: ' and more' }] as const;
  expect(layoutColumns([[cell]], [{ minWidth: 4 }], paint)).toEqual(['\x1b[31mred\x1b[39m and…']);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 4, 'abc…'],
  ['日本語', 4, '日…'],
  ['👨‍👩‍👧x', 2, '…'],
  ['abc', 0, ''],
])('%j cut to %i columns', (text, width, cut) => {
  expect(truncate(text, width, { isUnicode: true })).toBe(cut);
});

test('a cut is a tilde where only ASCII is shown', () => {
  expect(truncate('abcdef', 4, { isUnicode: false })).toBe('abc~');
});

test.each([
  ['one two three', 7, ['one two', 'three']],
  ['unbreakable', 4, ['unbr', 'eaka', 'ble']],
  ['a unbreakable b', 4, ['a', 'unbr', 'eaka', 'ble', 'b']],
  ['short', 80, ['short']],
  ['', 10, ['']],
])('%j wrapped to %i columns', (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});
