import { expect, test } from 'vitest';
import { flattenValue } from '../../../src/view/diff/flatten-value.ts';

test.each([
  ['{"n":6,"deep":{"a":true}}', { 'p.n': 6, 'p.deep.a': true }],
  ['[1,2]', { p: '[1,2]' }],
  ['{}', { p: '{}' }],
  ['{not json', { p: '{not json' }],
  ['null', { p: 'null' }],
  [5, { p: 5 }],
])('parameter %j has the leaves %j', (value, leaves) => {
  const found = flattenValue('p', value).map(({ name, value: leaf }) => [name, leaf]);
  expect(Object.fromEntries(found)).toEqual(leaves);
});
