import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  escapeAllButColors,
  escapeControls,
  escapeJson,
  escapeLine,
} from '../../../src/view/text/escape.ts';

test.each([
  ['plain text stays', 'naïve ✔ 日本語', 'naïve ✔ 日本語'],
  ['newlines and tabs stay', 'a\n\tb', 'a\n\tb'],
  ['an escape sequence', '\x1b[2Jgone', '\\x1b[2Jgone'],
  ['a carriage return', 'all good\rFAILED', 'all good\\rFAILED'],
  ['a bell and a backspace', 'a\x07b\x08', 'a\\x07b\\x08'],
  ['C1 controls, as 8-bit terminals read them', 'a\x9b31mb\x85', 'a\\x9b31mb\\x85'],
  ['what turns the direction of text', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
])('%s', (_title, text, escaped) => {
  expect(escapeControls(text)).toBe(escaped);
});

test('in a line newlines and tabs are escaped too', () => {
  expect(escapeLine('a\n\tb\x1b')).toBe('a\\n\\tb\\x1b');
});

test('our own colours stay, and nothing else that begins like one', () => {
  expect(escapeAllButColors('\x1b[1;31mred\x1b[0m \x1b]0;title\x07 \x1b[2J')).toBe(
    '\x1b[1;31mred\x1b[0m \\x1b]0;title\\x07 \\x1b[2J',
  );
});

test('JSON stays the same JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = escapeJson(JSON.stringify(text));
      expect(JSON.parse(json)).toBe(text);
      expect(json).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
    }),
  );
});

test('no control character comes through, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeLine(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }),
  );
});
