import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseOverride, splitOverrides } from '../../src/config/layers/override-syntax.ts';
import { load, loadWrong } from './project.ts';

describe('an override', () => {
  test.each([
    [['pipeline=churn'], { pipeline: 'churn' }],
    [['+pipeline=churn'], { pipeline: 'churn' }],
    [['++pipeline=churn'], { pipeline: 'churn' }],
    [['pipeline=a=b: c'], { pipeline: 'a=b: c' }],
    [['pipeline=123'], { pipeline: '123' }],
    [["pipeline='a b'"], { pipeline: 'a b' }],
    [[String.raw`pipeline="a\tb"`.replace('\\t', ' ')], { pipeline: 'a b' }],
    [['pipeline=a', 'pipeline=b'], { pipeline: 'b' }],
    [['logging.level=10'], { logging: { level: 10 } }],
    [['logging.level=debug'], { logging: { level: 'debug' } }],
    [['logging=quiet', 'logging.level=info'], { logging: { preset: 'quiet', level: 'info' } }],
    [['logging.level=info', 'logging=quiet'], { logging: { preset: 'quiet', level: 'info' } }],
    [['logging={level: info}'], { logging: { level: 'info' } }],
    [
      ['logging.format=[%(levelname)s] %(message)s'],
      { logging: { format: '[%(levelname)s] %(message)s' } },
    ],
    [
      ['logging.formats=["%(levelname)s %(message)s"]'],
      { logging: { formats: ['%(levelname)s %(message)s'] } },
    ],
    [['run.live=true', 'run.tty=off'], { run: { live: true, tty: false } }],
    [
      ['secrets.rules=[{name: a, pattern: b}]'],
      { secrets: { rules: [{ name: 'a', pattern: 'b' }] } },
    ],
    [['pipeline=a', '~pipeline'], {}],
    [['~pipeline', 'pipeline=a'], { pipeline: 'a' }],
    [['pipeline=null'], { pipeline: 'null' }],
    [['run.live=null'], { run: { live: false } }],
  ])('%j', async (overrides, expected) => {
    expect((await load({}, { overrides })).config).toMatchObject(expected);
  });

  test.each([['~pipeline'], ['~pipeline=a']])(
    '%s removes what the file and the environment say',
    async (removal) => {
      const { config } = await load(
        { 'stagelight.yaml': 'pipeline: a\n' },
        { env: { STAGELIGHT_PIPELINE: 'b' }, overrides: [removal] },
      );

      expect(config).not.toHaveProperty('pipeline');
    },
  );

  test('removes a whole section', async () => {
    const files = { 'stagelight.yaml': 'logging: { level: error, preset: debug }\n' };

    expect((await load(files, { overrides: ['~logging'] })).config.logging.level).toBe('trace');
  });
});

describe('a mistake names the argument', () => {
  test.each([
    [
      'loging.level=debug',
      'unknown key "loging"; expected one of pipeline, environment, logging, secrets, run',
      'did you mean logging?',
    ],
    [
      'logging.leve=debug',
      'unknown key "leve"; expected one of preset, from, level, format, date_format, formats',
      'did you mean level?',
    ],
    ['logging.level.name=debug', 'unknown key "name"; expected no key below', undefined],
    ['__proto__.x=1', 'unknown key "__proto__"', undefined],
    ['constructor=1', 'unknown key "constructor"', undefined],
    ['logging..level=1', 'unknown key ""', undefined],
    ['~nothing', 'unknown key "nothing"', undefined],
    ['logging.level=loud', 'expected a level name', undefined],
    ['logging.level=', 'expected a level name', undefined],
    ['logging.level=-1', 'expected a level name', undefined],
    ['logging.level=20.5', 'expected a level name', undefined],
    [
      'logging.formats=[%(message)s]',
      'Plain value cannot start with directive indicator character %',
      'put the text in quotes',
    ],
    ['logging.formats=%(message)s', 'Unknown directive %(message)s', 'put the text in quotes'],
    ['pipeline=', "expected the pipeline's name", undefined],
    ['run.live=maybe', 'expected true or false, got "maybe"', undefined],
    ['logging=5', 'expected a mapping of keys to values, got 5', undefined],
    ['not an override', 'expected key=value, +key=value or ~key', undefined],
  ])('%s', async (argument, message, hint) => {
    const error = await loadWrong({}, { overrides: [argument] });

    expect(error.message).toContain(`argument ${JSON.stringify(argument)}: `);
    expect(error.message).toContain(message);
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });

  test('and all of them are told at once', async () => {
    const error = await loadWrong({}, { overrides: ['a=1', 'logging.level=x', '~b'] });

    expect(error.message.split('\n')[0]).toBe('2 mistakes in the configuration');
  });
});

describe('the arguments of a command', () => {
  test.each([
    [['a=1', '--', 'dvc', 'repro'], ['a=1'], ['dvc', 'repro']],
    [
      ['a=1', '~b', 'dvc', 'x=1'],
      ['a=1', '~b'],
      ['dvc', 'x=1'],
    ],
    [['dvc', 'repro', 'a=1'], [], ['dvc', 'repro', 'a=1']],
    [['dvc', '--', 'a=1'], [], ['dvc', '--', 'a=1']],
    [['./a=1'], [], ['./a=1']],
    [['~/bin/run'], [], ['~/bin/run']],
    [['=1'], [], ['=1']],
    [['a=1', '--', '--', 'x'], ['a=1'], ['--', 'x']],
    [[], [], []],
  ])('%j', (args, overrides, rest) => {
    expect(splitOverrides(args)).toEqual({ overrides, rest });
  });
});

test('any argument is parsed or refused', async () => {
  const part = fc.constantFrom(
    'logging',
    'level',
    '.',
    '=',
    '+',
    '~',
    '[',
    '{',
    "'",
    '"',
    '%',
    '${',
    '}',
    ':',
    'x',
    ' ',
    '\n',
    '__proto__',
  );
  const argument = fc.oneof(
    fc.string(),
    fc.array(part).map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(argument, { maxLength: 3 }), async (overrides) => {
      await load({}, { overrides }).catch((error: unknown) =>
        expect(error).toBeInstanceOf(ConfigError),
      );
    }),
    { numRuns: 200 },
  );
});

test('a key and a value are what stands before and behind the first equals sign', () => {
  const key = fc.stringMatching(/^[a-z_]{1,8}(\.[a-z_]{1,8}){0,3}$/);
  fc.assert(
    fc.property(key, fc.string(), (key, text) => {
      expect(parseOverride(`${key}=${text}`)).toMatchObject({ path: key.split('.'), text });
    }),
  );
});
