import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyIndex } from '../../src/ship/key-index.ts';

test('each key has one number of its own, however often it comes; others have none', () => {
  const keys = fc.array(fc.oneof(fc.string(), fc.constantFrom('', 'a', 'b')), { maxLength: 3000 });
  fc.assert(
    fc.property(keys, fc.array(fc.string()), (some, others) => {
      const index = new KeyIndex(some);
      const distinct = [...new Set(some)];
      expect(index.size).toBe(distinct.length);
      const numbers = distinct.map((key) => index.find(key));
      expect(numbers.toSorted((a, b) => a! - b!)).toEqual(distinct.map((_key, number) => number));
      for (const key of others)
        if (!distinct.includes(key)) expect(index.find(key)).toBeUndefined();
    }),
  );
});
