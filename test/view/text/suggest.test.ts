import { expect, test } from 'vitest';
import { suggestName } from '../../../src/view/text/suggest.ts';

test.each([
  ['trian', ['train', 'tune'], 'train'],
  ['TRAIN', ['train'], 'train'],
  ['evalute', ['evaluate', 'validate'], 'evaluate'],
  ['feat', ['ingest', 'features@raw'], 'features@raw'],
  ['latset', ['latest'], 'latest'],
  ['xyz', ['train', 'tune'], undefined],
  ['', ['train'], undefined],
  ['train', [], undefined],
])('%j of %j is %j', (name, candidates, suggestion) => {
  expect(suggestName(name, candidates)).toBe(suggestion);
});

test('names of any length are compared in no time', () => {
  expect(suggestName('x'.repeat(1e6), ['x'.repeat(1e6 - 1), 'y'])).toBeUndefined();
});
