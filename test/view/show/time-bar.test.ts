import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawBar, drawPoint } from '../../../src/view/show/time-bar.ts';

test.each([
  [0, 1, ['██████████', '==========']],
  [0, 0.5, ['█████', '=====']],
  [0.5, 1, ['     █████', '     =====']],
  [0.25, 0.5, ['  ▐██', '  ===']],
  [0.1, 0.15, [' ▌', ' =']],
  [0.05, 0.06, ['▐', '=']],
  [0.99, 1, ['         ▐', '         =']],
  [1, 1, ['         ▐', '         =']],
  [-3, -2, ['▌', '=']],
  [5, 9, ['         ▐', '         =']],
  [NaN, NaN, ['▌', '=']],
] as const)('from %d to %d of the time', (from, to, [unicode, ascii]) => {
  expect(drawBar({ from, to }, 10, true)).toBe(unicode);
  expect(drawBar({ from, to }, 10, false)).toBe(ascii);
});

test('a bar is there and within its width, whatever its times', () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), fc.integer({ min: 1, max: 60 }), (from, to, width) => {
      const bar = drawBar({ from, to }, width, true);
      expect(bar.length).toBeLessThanOrEqual(width);
      expect(bar.trim()).not.toBe('');
      expect(drawPoint({ from, to }, width, true).length).toBeLessThanOrEqual(width);
    }),
  );
});
