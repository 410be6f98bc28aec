import { anything, assert, dictionary, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAttributes, toJson } from '../../src/capture/api/attributes.ts';
import { encodeInboxAttributes } from '../../src/capture/api/encode-entry.ts';
import { parseInboxAttributes } from '../../src/model/inbox-value.ts';
import type { InboxAttributes } from '../../src/model/inbox.ts';
import { recordAlone } from './program.ts';

/** What becomes of attributes on their way through the inbox. */
function passThrough(given: Record<string, unknown>): Record<string, unknown> {
  const text = encodeInboxAttributes(toAttributes(given));
  return parseInboxAttributes(JSON.parse(text) as InboxAttributes);
}

describe('attributes of any kind', () => {
  it.each<[string, unknown, unknown]>([
    ['a text', 'x"\n\u0000é😀', 'x"\n\u0000é😀'],
    ['half a surrogate pair', 'a\ud800b', 'a\ud800b'],
    ['numbers', -0.5, -0.5],
    ['NaN', Number.NaN, Number.NaN],
    ['infinity', -Infinity, -Infinity],
    ['negative zero', -0, -0],
    ['a boolean', false, false],
    ['an exact bigint', 12n, 12],
    ['a large bigint', 2n ** 70n, '1180591620717411303424'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid date', new Date(Number.NaN), 'Invalid Date'],
    ['an error', new RangeError('no'), 'RangeError: no'],
    ['bytes', new Uint8Array([1, 255]), Buffer.from([1, 255])],
    ['a list', ['a', 'b'], ['a', 'b']],
    ['a list of numbers', [1, Number.NaN, 3n], [1, Number.NaN, 3]],
    ['a typed array', new Float32Array([0.5, 1]), [0.5, 1]],
    ['an empty list', [], []],
    ['a mixed list', [1, 'a', null], '[1,"a",null]'],
    ['an object', { a: { b: [1n, Number.NaN] } }, '{"a":{"b":["1","NaN"]}}'],
    ['a map', new Map([['a', new Set([1])]]), '{"a":[1]}'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['null', null, undefined],
    ['undefined', undefined, undefined],
    ['a function', () => 1, undefined],
  ])('%s', (_name, given, expected) => {
    expect(passThrough({ value: given })['value']).toEqual(expected);
  });

  it('names what refers to itself', () => {
    const list: unknown[] = [1];
    list.push({ list });
    const map = new Map<string, unknown>();
    map.set('map', map);
    const shared = { a: 1 };
    expect(toJson(list)).toBe('[1,{"list":"[circular]"}]');
    expect(toJson(map)).toBe('{"map":"[circular]"}');
    expect(toJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });

  it('says what threw where a value can’t be read', () => {
    const given = {
      ok: 1,
      get bad() {
        throw new Error('not today');
      },
      deep: {
        toJSON() {
          throw new Error('nor here');
        },
      },
    };
    expect(passThrough(given)).toEqual({
      ok: 1,
      bad: '[unreadable: Error: not today]',
      deep: '[unreadable: Error: nor here]',
    });
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect(passThrough(hostile)).toEqual({});
  });

  it('cuts what is too long, whole characters only', () => {
    const { text, many } = passThrough({
      text: `${'x'.repeat(32 * 1024 - 1)}😀😀`,
      many: Array(5000).fill(1),
    });
    expect(text).toBe(`${'x'.repeat(32 * 1024 - 1)}… (32771 characters)`);
    expect(many).toHaveLength(1000);
    const huge = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`k${n}`, '\u0001'.repeat(40_000)]),
    );
    expect(encodeInboxAttributes(toAttributes(huge)).length).toBeLessThan(1_500_000);
  });

  it('never throws, and gives JSON', () => {
    assert(
      property(
        dictionary(
          string(),
          anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withTypedArray: true,
            withNullPrototype: true,
            withSparseArray: true,
            withObjectString: true,
          }),
        ),
        (given) => {
          passThrough(given);
        },
      ),
      { numRuns: 500 },
    );
  });
});

it('the logger takes them all, and messages of any kind and length', async () => {
  const run = await recordAlone(`
    await run('values', () => {
      const cyclic = { name: 'c' };
      cyclic.self = cyclic;
      logger.warn('odd', { loss: NaN, big: 10n, cyclic, get bad() { throw new Error('no'); } });
      logger.error(new TypeError('broken'));
      logger.error('failed', { error: new RangeError('inner'), attempt: 2 });
      logger.info('x'.repeat(300_000) + '😀');
      logger.info(42);
      logger.info({ a: 1 });
      logger.info(Symbol('s'));
      logger.info('');
      logger.info('nothing', null);
      logger.info('nothing', 'no object');
      const { info } = logger;
      info('unbound');
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) logger.child('part').child('deep')[level](level);
      for (const value of [NaN, Infinity, 12n, '3.5', {}, Symbol()]) metric('m', value, 1.7);
      metric('m', 1, NaN);
    });
  `);
  expect(run.end.stderr).toBe('');
  const app = run.lines.filter(({ logger }) => logger === 'app');
  expect(app[0]).toMatchObject({
    body: 'odd',
    severity: 13,
    severityText: 'WARN',
    attributes: {
      loss: Number.NaN,
      big: 10,
      cyclic: '{"name":"c","self":"[circular]"}',
      bad: '[unreadable: Error: no]',
    },
  });
  expect(app[1]).toMatchObject({ body: 'broken', attributes: { 'exception.type': 'TypeError' } });
  expect(app[2]).toMatchObject({
    body: 'failed',
    attributes: { attempt: 2, 'exception.type': 'RangeError', 'exception.message': 'inner' },
  });
  expect(app[2]?.attributes).not.toHaveProperty('error');
  const parts = app.filter(({ attributes }) => 'mlops.part.id' in attributes);
  expect(parts.map(({ body }) => body).join('')).toBe(`${'x'.repeat(300_000)}😀`);
  expect(parts.map(({ attributes }) => attributes['mlops.part.index'])).toEqual(
    parts.map((_, index) => index),
  );
  expect(Math.max(...parts.map(({ body }) => Buffer.byteLength(body)))).toBeLessThanOrEqual(
    128 * 1024,
  );
  const rest = app.slice(3 + parts.length).map(({ body }) => body);
  expect(rest).toEqual(['42', '{"a":1}', 'Symbol(s)', '', 'nothing', 'nothing', 'unbound']);
  const deep = run.lines.filter(({ logger }) => logger === 'app.part.deep');
  expect(deep.map(({ severity }) => severity)).toEqual([1, 5, 9, 13, 17, 21]);
  const metrics = run.records.filter(({ eventName }) => eventName === 'mlops.metric');
  expect(metrics.map(({ attributes }) => attributes['mlops.metric.value'])).toEqual([
    Number.NaN,
    Infinity,
    12,
    3.5,
    Number.NaN,
    Number.NaN,
    1,
  ]);
  expect(metrics[0]?.attributes['mlops.metric.step']).toBe(1);
  expect(metrics.at(-1)?.attributes).not.toHaveProperty('mlops.metric.step');
});
