import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cuts, cutText, splitBatch, toKey, toValues } from '../../../src/sink/mlflow/limits.ts';

test('whatever a name is, MLflow takes what becomes of it', () => {
  // As mlflow/utils/validation.py has it; a path has to be the same when it is made short.
  const taken = /^[\p{L}\p{N}_.\- :/]+$/u;
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 600 }), (name) => {
      const key = toKey(name, new Cuts());
      expect(key).toMatch(taken);
      expect(Array.from(key).length).toBeLessThanOrEqual(250);
      expect(key.split('/').some((part) => part === '' || part === '.' || part === '..')).toBe(
        false,
      );
    }),
  );
});

test('a name that it takes stays as it is, and nothing is said of it', () => {
  const cuts = new Cuts();
  for (const name of ['accuracy', 'train/loss', 'a.b-c d:e_1', 'Präzision']) {
    expect(toKey(name, cuts)).toBe(name);
  }
  expect(cuts.toText()).toBeUndefined();
});

test('what is cut is named: long values, names with other characters, names that become one', () => {
  const cuts = new Cuts();
  const values = toValues(
    [
      ['lr#1', 'first'],
      ['lr%1', 'second'],
      ['long', 'x'.repeat(7000)],
    ],
    { maxChars: 6000, cuts },
  );
  expect(Object.keys(values)).toEqual(['lr_1', 'long']);
  expect(values['lr_1']).toBe('first');
  expect(values['long']).toHaveLength(6000);
  expect(cuts.toText()).toBe(
    'the name "lr#1" is lr_1; the name "lr%1" is lr_1; "lr%1" is left out: another one is lr_1; long is cut from 7000 characters',
  );
});

test('however much is cut, what is said of it is short', () => {
  const cuts = new Cuts();
  for (let index = 0; index < 5000; index += 1) toKey(`#${index}${'x'.repeat(300)}`, cuts);
  const text = cuts.toText()!;
  expect(text.length).toBeLessThanOrEqual(8000);
});

test('no character is cut in halves', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, most) => {
      const cut = cutText(text, most);
      expect(cut.length).toBeLessThanOrEqual(Math.max(most, 1));
      expect(Buffer.from(cut).toString()).toBe(cut);
    }),
  );
});

test('a batch is split into such as the server takes, in order and with nothing lost', () => {
  const counts = fc.record({
    metrics: fc.integer({ min: 0, max: 3000 }),
    params: fc.integer({ min: 0, max: 250 }),
    tags: fc.integer({ min: 0, max: 250 }),
    long: fc.integer({ min: 0, max: 6000 }),
  });
  fc.assert(
    fc.property(counts, ({ metrics, params, tags, long }) => {
      const toTexts = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'ü'.repeat(long)]));
      const points = Array.from({ length: metrics }, (_, step) => ({
        key: 'm',
        value: step / 3,
        timeMs: 1,
        step,
      }));
      const batch = { metrics: points, params: toTexts(params), tags: toTexts(tags) };
      const split = splitBatch(batch);
      for (const { metrics: m = [], params: p = {}, tags: t = {} } of split) {
        const [ps, ts] = [Object.keys(p).length, Object.keys(t).length];
        expect(m.length + ps + ts).toBeLessThanOrEqual(1000);
        expect(Math.max(ps, ts)).toBeLessThanOrEqual(100);
        expect(Buffer.byteLength(JSON.stringify({ m, p, t }))).toBeLessThan(1_000_000);
      }
      expect(split.flatMap((each) => each.metrics ?? [])).toEqual(points);
      expect(Object.assign({}, ...split.map((each) => each.params))).toEqual(batch.params);
      expect(Object.assign({}, ...split.map((each) => each.tags))).toEqual(batch.tags);
    }),
    { numRuns: 30 },
  );
});
