import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toLoggingSettings } from '../../src/config/to-logging-settings.ts';
import { load, loadWrong, sourceOf } from './project.ts';

const HYDRA_FILE = readFileSync(
  new URL('../../examples/mlops/configs/logging_utils/base.yaml', import.meta.url),
);
const FORMATTER = '%(asctime)s %(levelname)s:%(message)s';
const OWN = 'configs/logging_utils/base.yaml';
const FROM = `logging:\n  from: ${OWN}\n`;

test("takes level and formatter of a Hydra project's file, and ignores what it can't resolve", async () => {
  const loaded = await load({ 'stagelight.yaml': FROM, [OWN]: HYDRA_FILE });

  expect(toLoggingSettings(loaded.config)).toMatchObject({
    format: FORMATTER,
    minimumSeverity: 9,
    formats: [FORMATTER],
  });
  expect(sourceOf(loaded, 'logging.level')).toBe(`${OWN}:3:8`);
  expect(sourceOf(loaded, 'logging.format')).toBe(`${OWN}:2:12`);
});

test('is relative to the file that names it, and on the command line to the working directory', async () => {
  const files = {
    'config/stagelight.yaml': 'logging: { from: ../hydra.yaml }\n',
    'hydra.yaml': 'level: 40\n',
  };
  const named = await load(files, { env: { STAGELIGHT_CONFIG: 'config/stagelight.yaml' } });
  const argued = await load(files, { overrides: ['logging.from=hydra.yaml'] });

  expect([named.config.logging.level, argued.config.logging.level]).toEqual([40, 40]);
});

test('takes a part of a file', async () => {
  const { config } = await load({
    'stagelight.yaml': 'logging: { from: "config.yaml#hydra.logging_utils" }\n',
    'config.yaml': 'level: 10\nhydra:\n  logging_utils:\n    level: 30\n',
  });

  expect(config.logging.level).toBe(30);
});

describe('what the file says', () => {
  test.each([
    ['stands above presets', 'logging: { preset: quiet, from: f.yaml }', 20],
    ['stands below what is said beside it', 'logging: { from: f.yaml, level: error }', 'error'],
  ])('%s', async (_title, own, level) => {
    const { config } = await load({ 'stagelight.yaml': own, 'f.yaml': 'level: 20\n' });

    expect(config.logging.level).toBe(level);
  });

  test('counts as said on the command line when it is named there', async () => {
    const files = { 'stagelight.yaml': 'logging: { level: error }\n', 'f.yaml': 'level: 20\n' };

    expect((await load(files, { overrides: ['logging.from=f.yaml'] })).config.logging.level).toBe(
      20,
    );
  });

  test('is gone when the key is removed', async () => {
    const files = { 'stagelight.yaml': 'logging: { from: f.yaml }\n', 'f.yaml': 'level: 20\n' };

    expect((await load(files, { overrides: ['~logging.from'] })).config.logging).not.toHaveProperty(
      'from',
    );
    expect((await load(files, { overrides: ['~logging.level'] })).config.logging.level).toBe(
      'trace',
    );
  });

  test('is a format that lines are read by even where another one is shown', async () => {
    const { config } = await load(
      {
        'stagelight.yaml': 'logging: { from: f.yaml, formats: ["%(levelname)s~%(message)s"] }\n',
        'f.yaml': `formatter: "${FORMATTER}"\n`,
      },
      { overrides: ['logging.format=%(message)s'] },
    );

    expect(toLoggingSettings(config)).toMatchObject({
      format: '%(message)s',
      formats: ['%(levelname)s~%(message)s', FORMATTER],
    });
  });
});

describe('interpolations in it', () => {
  test.each([
    ['of the environment', 'level: ${oc.env:LOG_LEVEL,WARNING}', 'WARNING'],
    ['relative', 'level: ${.other}\nother: 40', 40],
    ['from the root', 'level: ${a.b}\na: { b: 40 }', 40],
    ['of its own package', 'level: ${logging_utils.other}\nother: 40', 40],
    ['of interpolations', 'level: ${${which}}\nwhich: a\na: 40', 40],
    ['below an interpolation', 'level: ${a.b}\na: ${c}\nc: { b: 40 }', 40],
    ['with merge keys', 'base: &base { level: 40 }\n<<: *base', 40],
  ])('%s are resolved', async (_title, text, level) => {
    const { config } = await load({ 'stagelight.yaml': FROM, [OWN]: text });

    expect(config.logging.level).toBe(level);
  });

  test('that are asked for and lead nowhere are a mistake there', async () => {
    const error = await loadWrong({
      'stagelight.yaml': FROM,
      [OWN]: 'x: 1\nlevel: ${hydra.verbose}\n',
    });

    expect(error.message).toBe(`${OWN}:2:8: level: there is no hydra.verbose for \${hydra.verbose}
  level: \${hydra.verbose}
         ^^^^^^^^^^^^^^^^`);
    expect(error).toMatchObject({ code: 'interpolation', line: 2, column: 8 });
  });
});

test("custom tags of other programs' files are no mistake", async () => {
  const { config } = await load({
    'stagelight.yaml': FROM,
    [OWN]: 'level: 40\nx: !!python/tuple [1, 2]\n',
  });

  expect(config.logging.level).toBe(40);
});

describe('a mistake', () => {
  const own = 'logging: { from: f.yaml }';
  test.each([
    {
      title: 'no such file',
      own,
      file: undefined,
      message: "stagelight.yaml:1:18: logging.from: f.yaml isn't there",
    },
    {
      title: 'a folder',
      own: 'logging: { from: . }',
      file: '',
      message: 'stagelight.yaml:1:18: logging.from: ',
    },
    {
      title: 'no such section',
      own: 'logging: { from: "f.yaml#logging_util" }',
      file: 'logging_utils: {}',
      message: 'stagelight.yaml:1:18: logging.from: there is no section logging_util in f.yaml',
    },
    {
      title: 'a section that is no mapping',
      own: 'logging: { from: "f.yaml#a" }',
      file: 'a: 1',
      message: 'f.yaml:1:4: logging.from: expected a mapping with level or formatter here',
    },
    {
      title: 'neither key',
      own,
      file: 'levels: 1',
      message: 'f.yaml:1:1: logging.from: expected the key level or formatter (or both) here',
    },
    {
      title: 'an empty file',
      own,
      file: '',
      message: 'f.yaml:1:1: logging.from: expected a mapping with level or formatter here',
    },
    {
      title: 'a wrong level',
      own,
      file: 'level: loud',
      message: 'f.yaml:1:8: level: expected a level name',
    },
    {
      title: 'a missing value',
      own: 'logging: { from: "f.yaml#a" }',
      file: 'a:\n  level: ???',
      message: 'f.yaml:2:10: a.level: expected a level name',
    },
    {
      title: 'a wrong formatter',
      own,
      file: 'formatter: simple',
      message: 'f.yaml:1:12: formatter: expected a format string',
    },
    { title: 'a mistake in its YAML', own, file: 'a: [1\nlevel: 20', message: 'f.yaml:2:1: ' },
    {
      title: 'a number as name',
      own: 'logging: { from: 3 }',
      file: '',
      message: 'stagelight.yaml:1:18: logging.from: expected the path of a YAML file',
    },
  ])('is told where it is: $title', async ({ own, file, message }) => {
    const files = { 'stagelight.yaml': own, ...(file !== undefined && { 'f.yaml': file }) };

    expect((await loadWrong(files)).message).toContain(message);
  });

  test('in the level and one in the formatter are told together', async () => {
    const error = await loadWrong({ 'stagelight.yaml': FROM, [OWN]: 'formatter: x\nlevel: y\n' });

    expect(error.mistakes).toHaveLength(2);
  });
});
