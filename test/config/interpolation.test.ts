import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInterpolations } from '../../src/config/interpolation/syntax.ts';
import { formatTime, TIME_CODES } from '../../src/config/interpolation/strftime.ts';
import { load, loadWrong } from './project.ts';

const NOW = new Date('2026-03-04T15:06:07.089Z');

async function resolve(text: string, env: NodeJS.ProcessEnv = {}): Promise<string | undefined> {
  const files = { 'stagelight.yaml': `pipeline: ${JSON.stringify(text)}\nenvironment: test\n` };
  return (await load(files, { env, now: NOW })).config.pipeline;
}

describe('resolves', () => {
  test.each([
    ['${oc.env:NAME}', 'churn'],
    ['a-${oc.env:NAME}-b', 'a-churn-b'],
    ['${oc.env:NAME,other}', 'churn'],
    ['${oc.env:NONE,other}', 'other'],
    ['${oc.env:NONE, other }', 'other'],
    ["${oc.env:NONE,'a}, b'}", 'a}, b'],
    ['${oc.env:NONE,{}}', '{}'],
    ['${oc.env:NONE,${oc.env:NAME}}', 'churn'],
    ['${oc.env:${oc.env:WHICH}}', 'churn'],
    ['${ oc.env:NAME }', 'churn'],
    ['${now:%Y-%m-%d}', '2026-03-04'],
    ['${now:%Y-%m-%d_%H-%M-%S-%f}', '2026-03-04_15-06-07-089000'],
    ['${environment}', 'test'],
    ['${.environment}-${run.live}', 'test-false'],
    ['${logging.level}', 'trace'],
    ['\\${oc.env:NAME}', '${oc.env:NAME}'],
    ['\\\\${oc.env:NAME}', '\\churn'],
    ['\\\\\\${a} \\d $x {y}', '\\${a} \\d $x {y}'],
  ])('%s', async (text, expected) => {
    expect(await resolve(text, { NAME: 'churn', WHICH: 'NAME' })).toBe(expected);
  });

  test('to the type of what it refers to', async () => {
    const { config } = await load({
      'stagelight.yaml':
        'run: { live: "${.quiet}", quiet: true, tty: "${oc.env:TTY,no}" }\nlogging: { level: "${secrets.rules[0].name}" }\nsecrets: { rules: [{ name: info, pattern: a }] }\n',
    });

    expect(config.run).toMatchObject({ live: true, quiet: true, tty: false });
    expect(config.logging.level).toBe('info');
  });

  test('to what an override says', async () => {
    const { config } = await load(
      { 'stagelight.yaml': 'pipeline: churn-${environment}\nenvironment: test\n' },
      { overrides: ['environment=production'] },
    );

    expect(config.pipeline).toBe('churn-production');
  });

  test('in variables and overrides as well', async () => {
    const { config } = await load(
      {},
      {
        env: { STAGELIGHT_PIPELINE: '${environment}-1' },
        overrides: ['environment=${now:%Y}'],
        now: NOW,
      },
    );

    expect(config.pipeline).toBe('2026-1');
  });
});

describe('a mistake is told where it is', () => {
  test.each([
    ['${oc.env:NONE}', "the environment variable NONE isn't set"],
    ['${oc.env:NAME', '`${` without its `}`'],
    ['${oc.evn:NAME}', 'unknown resolver oc.evn; expected oc.env or now'],
    ['${hydra:run.dir}', 'unknown resolver hydra; expected oc.env or now'],
    ['${now:%Q}', "unknown %Q in a time's format"],
    ['${nothing}', 'there is no nothing for ${nothing}'],
    ['${..up}', 'expected a key or a resolver in ${..up}'],
    ['${}', 'expected a key or a resolver in ${}'],
    ['${pipeline}', 'refers to itself: pipeline -> pipeline'],
    ['a ${logging} b', "a map can't be a part of a text"],
    ['${'.repeat(30), 'interpolations are nested more than 10 deep'],
  ])('%s', async (text, message) => {
    const error = await loadWrong({ 'stagelight.yaml': `pipeline: ${JSON.stringify(text)}\n` });

    expect(error.message).toContain(`stagelight.yaml:1:11: pipeline: ${message}`);
    expect(error.code).toBe('interpolation');
  });

  test('references in a circle', async () => {
    const error = await loadWrong({
      'stagelight.yaml': 'pipeline: ${environment}\nenvironment: ${pipeline}\n',
    });

    expect(error.message).toContain('refers to itself: environment -> pipeline -> environment');
    expect(error.mistakes).toHaveLength(2);
  });

  test('references that double again and again end in time', async () => {
    const keys = Array.from(
      { length: 40 },
      (_, index) => `k${index}: "\${k${index + 1}}\${k${index + 1}}"`,
    );
    const error = await loadWrong({
      'stagelight.yaml': 'logging: { from: hostile.yaml }\n',
      'hostile.yaml': `level: \${k0}\n${keys.join('\n')}\nk40: x\n`,
    });

    expect(error.message).toMatch(/too long|too many/);
  });
});

test('a text without ${ stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('${')),
      (text) => {
        expect(parseInterpolations(text)).toEqual({ status: 'ok', pieces: [text] });
      },
    ),
  );
});

test('an escaped text stays as it is', () => {
  const piece = fc.constantFrom('${', '}', 'a', ':', ',', "'", '"', '{', '.', ' ');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const escaped = text.replaceAll('${', '\\${');
      expect(parseInterpolations(escaped)).toEqual({ status: 'ok', pieces: [text] });
    }),
  );
});

test('any text is parsed or refused', () => {
  const piece = fc.constantFrom('${', '}', '\\', 'a', ':', ',', "'", '"', '{', '.', ' ', '\n');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
      expect(['ok', 'failed']).toContain(parseInterpolations(pieces.join('')).status);
    }),
  );
});

// What Python 3.11 gives for this time: datetime(2026, 3, 4, 15, 6, 7, 89000).strftime(code)
const PYTHON: Readonly<Record<string, string>> = {
  Y: '2026',
  y: '26',
  m: '03',
  d: '04',
  H: '15',
  I: '03',
  M: '06',
  S: '07',
  f: '089000',
  p: 'PM',
  j: '063',
  a: 'Wed',
  A: 'Wednesday',
  b: 'Mar',
  B: 'March',
  s: '1772636767',
  F: '2026-03-04',
  T: '15:06:07',
  '%': '%',
};

test.each(TIME_CODES)('%%%s is what Python makes of it', (code) => {
  expect(formatTime(`%${code}`, NOW)).toBe(PYTHON[code]);
});
