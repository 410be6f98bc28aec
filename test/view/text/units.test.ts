import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLocalTime,
  formatNumber,
  formatShortTime,
  toIsoTime,
} from '../../../src/view/text/units.ts';

test.each([
  [0, '0 ms'],
  [0.4, '0 ms'],
  [640.4, '640 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [17_200, '17.2 s'],
  [59_949, '59.9 s'],
  [59_960, '1m 00s'],
  [243_000, '4m 03s'],
  [3_599_700, '1h 00m'],
  [7_500_000, '2h 05m'],
  [86_399_000, '1d 00h'],
  [273_600_000, '3d 04h'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [196_400, '196 kB'],
  [999_600, '1.0 MB'],
  [687_206_492, '687 MB'],
  [1.4e12, '1400 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0'],
  [-0.5, '-0.5'],
  [0.9911504424778761, '0.9912'],
  [123_456, '123456'],
  [123_456.789, '123457'],
  [-18_324.7, '-18325'],
  [999.96, '1000'],
  [0.0000056924, '5.692e-6'],
  [0.00001, '1e-5'],
  [NaN, 'NaN'],
  [-Infinity, '-Infinity'],
  [1e300, '1e+300'],
])('%d is shown as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test('one is not many', () => {
  expect([formatCount(0, 'stage'), formatCount(1, 'stage'), formatCount(2, 'stage')]).toEqual([
    '0 stages',
    '1 stage',
    '2 stages',
  ]);
});

const NOW: [number, number] = [Date.UTC(2026, 10, 23, 12) / 1000, 0];

test.each([
  [Date.UTC(2026, 10, 23, 6, 30, 13), '06:30:13'],
  [Date.UTC(2026, 10, 2, 6, 30, 13), 'Nov  2 06:30'],
  [Date.UTC(2025, 10, 23, 6, 30, 13), '2025-11-23'],
])('a time is as short as tells it from others', (ms, text) => {
  expect(formatShortTime([ms / 1000, 0], NOW)).toBe(text);
});

test('times are local for people and UTC for machines', () => {
  expect(formatLocalTime([1_795_415_413, 891_204_237])).toBe('2026-11-23 06:30:13');
  expect(toIsoTime([1_795_415_413, 891_204_237])).toBe('2026-11-23T06:30:13.891Z');
});
