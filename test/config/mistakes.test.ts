import { describe, expect, test } from 'vitest';
import { load, loadWrong } from './project.ts';

test('a mistake is told with its place, what was expected, and its line', async () => {
  const error = await loadWrong({
    'stagelight.yaml': 'pipeline: churn\nlogging:\n  level: loud # too\n',
  });

  expect(error.message).toBe(
    `stagelight.yaml:3:10: logging.level: expected a level name (trace, debug, info, notice, success, warn, warning, error, critical, fatal) or a Python level number, got "loud"
    level: loud # too
           ^^^^`,
  );
  expect(error).toMatchObject({ name: 'ConfigError', code: 'value', line: 3, column: 10 });
  expect(error.file).toMatch(/\/stagelight\.yaml$/);
});

test('an unknown key is told with the one that was meant', async () => {
  const error = await loadWrong({ 'stagelight.yaml': 'logging:\n  dateFormat: x\n' });

  expect(error.message).toBe(
    `stagelight.yaml:2:3: logging.dateFormat: unknown key; expected one of preset, from, level, format, date_format, formats
    dateFormat: x
    ^^^^^^^^^^
  did you mean date_format?`,
  );
});

test('all mistakes of a file are told at once, in the order of its lines', async () => {
  const error = await loadWrong({
    'stagelight.yaml': `run: { live: maybe }
pipline: a
logging:
  format: 12
  formats: [a, '%(levelname)s %(message)s', '%(message)s']
environment: \${oc.env:NONE}
`,
  });

  expect(error.mistakes.map(({ key }) => key)).toEqual([
    'run.live',
    'pipline',
    'logging.format',
    'logging.formats[0]',
    'logging.formats[2]',
    'environment',
  ]);
  expect(error.message.split('\n')[0]).toBe('6 mistakes in the configuration');
});

test('of very many mistakes twenty are told', async () => {
  const text = Array.from({ length: 100 }, (_, index) => `key${index}: 1`).join('\n');
  const error = await loadWrong({ 'stagelight.yaml': text });

  expect(error.message.match(/unknown key/g)).toHaveLength(20);
  expect(error.message).toMatch(/and 80 more$/);
});

test('a mistake that a layer above covers stops nobody', async () => {
  const { config } = await load(
    { 'stagelight.yaml': 'logging: { level: loud }\n' },
    { overrides: ['logging.level=info'] },
  );

  expect(config.logging.level).toBe('info');
});

describe('in a value', () => {
  const FORMAT = "expected a format string as Python's logging has it";
  test.each([
    ['logging: { level: yes please }', 19, 'logging.level: expected a level name'],
    ['logging: { level: true }', 19, 'logging.level: expected a level name'],
    ['logging: { level: [info] }', 19, 'logging.level: expected a level name'],
    ['logging: { level: .nan }', 19, 'logging.level: expected a level name'],
    ['logging: [debug]', 10, 'logging: expected a mapping of keys to values, got a list'],
    ['logging: { format: plain }', 20, `logging.format: ${FORMAT}`],
    ['logging: { format: "{message}" }', 20, `logging.format: ${FORMAT}`],
    [
      'logging: { format: "100% %(message)s" }',
      20,
      'logging.format: expected conversions such as %(message)s or %(lineno)d, and %% for a percent sign, at "% %(message)s"',
    ],
    ['logging: { format: "%(message)999999999s" }', 20, 'logging.format: expected conversions'],
    [
      'logging: { format: "%(__proto__)s" }',
      20,
      "logging.format: expected names of a log record's attributes",
    ],
    [
      'logging: { format: "%(message)s\\0" }',
      20,
      'logging.format: expected a format string without NUL',
    ],
    [
      'logging: { formats: "%(levelname)s %(message)s" }',
      21,
      'logging.formats: expected a list of Python format strings, got "%(levelname)s %(message)s"',
    ],
    [
      'logging: { formats: ["%(message)s"] }',
      22,
      'logging.formats[0]: expected a format with %(levelname)s and %(message)s',
    ],
    [
      'logging: { date_format: "%Y %Q" }',
      25,
      'logging.date_format: expected a strftime format of %Y %m %d',
    ],
    [
      'pipeline: ["a"]',
      11,
      "pipeline: expected the pipeline's name, as a text of one line, got a list",
    ],
    ['pipeline: "a\\nb"', 11, "pipeline: expected the pipeline's name, as a text of one line"],
    ['pipeline: 12', 11, "pipeline: expected the pipeline's name, as a text of one line, got 12"],
    ['run: { tty: 2 }', 13, 'run.tty: expected true or false, got 2'],
    ['secrets: { rules: a }', 19, 'secrets.rules: expected a list of rules'],
    ['- a', 1, 'expected a mapping of keys to values, got a list'],
    ['just text', 1, 'expected a mapping of keys to values, got a scalar'],
  ])('%s', async (text, column, message) => {
    const error = await loadWrong({ 'stagelight.yaml': text });

    expect(error.message).toContain(`stagelight.yaml:1:${column}: ${message}`);
    expect(error.code).toBe('value');
    expect(error.mistakes).toHaveLength(1);
  });
});

describe('in the YAML', () => {
  test.each([
    [
      'logging:\n  format: %(message)s',
      '2:11: Plain value cannot start with directive indicator character %',
      'put the text in quotes',
    ],
    [
      'logging:\n  format: [%(levelname)s] x',
      '2:12: Plain value cannot start',
      'put the text in quotes',
    ],
    [
      'pipeline: @a',
      '1:11: Plain value cannot start with reserved character @',
      'put the text in quotes',
    ],
    ['logging:\n\tlevel: info', '2:1: Tabs are not allowed as indentation', 'indent with spaces'],
    ['pipeline: a\npipeline: b', '2:1: the key "pipeline" is there twice', undefined],
    ['pipeline: *a', '1:11: there is no anchor &a before this alias', undefined],
    ['pipeline: !custom a', '1:11: Unresolved tag: !custom', undefined],
    ['pipeline: a\n---\npipeline: b', '2:1: expected one YAML document, got several', undefined],
    ['pipeline: "a', '1:13: Missing closing "quote', undefined],
    ['? [a]\n: b', '1:3: With stringKeys, all keys must be strings', undefined],
  ])('%j', async (text, message, hint) => {
    const error = await loadWrong({ 'stagelight.yaml': text });

    expect(error.message).toContain(`stagelight.yaml:${message}`);
    expect(error).toMatchObject({ code: 'syntax', hint });
  });

  test('one mistake a line is told, and those of further lines too', async () => {
    const error = await loadWrong({
      'stagelight.yaml': 'logging:\n  format: %a: b: c\n  date_format: %b\n',
    });

    expect(error.mistakes.map(({ text }) => text.slice(0, 24))).toEqual([
      'Plain value cannot start',
      'Plain value cannot start',
    ]);
  });
});

describe('the line that is shown', () => {
  test('is a part of a long one', async () => {
    const error = await loadWrong({
      'stagelight.yaml': `pipeline: { a: 1 } # ${'x'.repeat(5000)}`,
    });

    expect(Math.max(...error.message.split('\n').map(({ length }) => length))).toBeLessThan(200);
  });

  test('has its carets in place behind tabs', async () => {
    const error = await loadWrong({ 'stagelight.yaml': 'run: {\tlive:\tmaybe}\n' });

    expect(error.message).toContain('  run: {\tlive:\tmaybe}\n        \t     \t^^^^^');
  });

  test('steers no terminal', async () => {
    const error = await loadWrong({
      'stagelight.yaml': 'logging: { level: "\u001b[31m\u202e" }\n',
    });

    expect(error.message).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('a secret of a destination', () => {
  test.each([
    "export: { backend: { endpoint: 'http://localhost:4318', headers: { authorization: Bearer abc } } }",
    "export: { backend: { endpoint: 'http://localhost:4318', headers: { x-api-key: abc } } }",
    "export: { backend: { endpoint: 'http://user:pass@localhost:4318' } }",
  ])('does not stand in the file: %s', async (text) => {
    const error = await loadWrong({ 'stagelight.yaml': text });
    expect(error.message).toContain('expected the secret to come from a variable');
    expect(error.message).toContain('${oc.env:NAME}');
    expect(error.message).not.toMatch(/abc|pass@/);
  });

  test('comes from a variable, and other headers may stand there', async () => {
    const { config } = await load(
      {
        'stagelight.yaml':
          "export: { backend: { endpoint: 'http://user:${oc.env:PASSWORD}@localhost:4318', headers: { authorization: 'Bearer ${oc.env:PASSWORD}', x-tenant: team } } }",
      },
      { env: { PASSWORD: 'abc' } },
    );
    expect(config.export['backend']?.headers).toEqual({
      authorization: 'Bearer abc',
      'x-tenant': 'team',
    });
  });

  test.each([
    [
      'export: { backend: { endpoint: localhost:4318 } }',
      'expected an address such as http://localhost:4318',
    ],
    ["export: { backend: { endpoint: 'http://a', protocol: grpc } }", '4318'],
    ["export: { Back/end: { endpoint: 'http://a' } }", 'expected a name of lower-case letters'],
    ["export: { backend: { endpoint: 'http://a', compresion: gzip } }", 'did you mean'],
    ['export: [a]', 'expected a mapping'],
  ])('and a destination has mistakes like everything else: %s', async (text, expected) => {
    expect((await loadWrong({ 'stagelight.yaml': text })).message).toContain(expected);
  });
});
