import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { findLiteral } from '../../../src/view/records/literal.ts';

test.each([
  ['diverged', 'diverged'],
  ['epoch \\d+: loss', 'epoch '],
  ['a\\.b\\(c', 'a.b(c'],
  ['colou?r of it', 'r of it'],
  ['ab*c', 'a'],
  ['x{2,3}yz', 'yz'],
  ['ab+cd', 'ab'],
  ['^Error: .*failed$', 'Error: '],
  ['[abc]def', 'def'],
  ['[a\\]b]cd', 'cd'],
  ['a|b', ''],
  ['(long literal)', ''],
  ['skew of (3|4)\\.45$', 'skew of '],
  ['(a(b)[)]c)?tail', 'tail'],
  ['(?:x|y)+z(?!w)', 'z'],
  ['ab(c', ''],
  ['ab)c', ''],
  ['(\\))end', 'end'],
  ['\\x41bc', ''],
  ['\\bword\\b', 'word'],
  ['say "hello there" now', 'hello there'],
  ['C:\\\\temp', 'temp'],
  ['größer', 'gr'],
  ['', ''],
])('of /%s/ every match holds %j', (source, literal) => {
  expect(findLiteral(source)).toBe(literal);
});

test('what is found is in every match, for patterns of any pieces', () => {
  const piece = fc.constantFrom(
    'ab',
    'c',
    '\\.',
    '\\d',
    '[xy]',
    '.',
    'z?',
    'q*',
    'w+',
    'v{2}',
    'u{0,1}',
    '^',
    '$',
    ' ',
    'K',
    '\\w',
    '(a|bc)',
    '(x)?',
    '(?=.)',
    '(?:[)]|z)*',
    '\\-',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 6 }),
      fc.string({ unit: fc.constantFrom(...'abcxyzqwvuK .-1'.split('')), maxLength: 24 }),
      (pieces, text) => {
        const source = pieces.join('');
        const match = new RegExp(source, 'im').exec(text);
        if (match === null) return;
        expect(match[0].toLowerCase()).toContain(findLiteral(source).toLowerCase());
      },
    ),
    { numRuns: 2000 },
  );
});
