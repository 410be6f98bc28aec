import { expect, test } from 'vitest';
import { createPaint } from '../../../src/view/text/paint.ts';

const TERMINAL = { isTTY: true, columns: 100 };

test.each([
  ['a terminal has colours', true, { stream: TERMINAL, env: {} }],
  ['a pipe has none', false, { stream: {}, env: {} }],
  ['NO_COLOR', false, { stream: TERMINAL, env: { NO_COLOR: '1' } }],
  ['an empty NO_COLOR says nothing', true, { stream: TERMINAL, env: { NO_COLOR: '' } }],
  ['FORCE_COLOR', true, { stream: {}, env: { FORCE_COLOR: '1' } }],
  ['FORCE_COLOR=0', false, { stream: TERMINAL, env: { FORCE_COLOR: '0' } }],
  [
    'FORCE_COLOR before NO_COLOR, as in Node',
    true,
    { stream: {}, env: { FORCE_COLOR: '1', NO_COLOR: '1' } },
  ],
  ['a dumb terminal', false, { stream: TERMINAL, env: { TERM: 'dumb' } }],
])('%s', (_title, isColored, { stream, env }) => {
  const paint = createPaint(stream, env);
  expect(paint.isColored).toBe(isColored);
  expect(paint.paint('x', 'red')).toBe(isColored ? '\x1b[31mx\x1b[39m' : 'x');
});

test.each([
  [{}, true],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, false],
  [{ LANG: 'de_DE.ISO-8859-1' }, false],
])('with %j Unicode is shown: %j', (env, isUnicode) => {
  expect(createPaint(TERMINAL, env).isUnicode).toBe(isUnicode);
});

test('a pipe has no width, a terminal that does not say has 80 columns', () => {
  expect(createPaint({}, {}).width).toBeUndefined();
  expect(createPaint({ isTTY: true }, {}).width).toBe(80);
  expect(createPaint(TERMINAL, {}).width).toBe(100);
});
