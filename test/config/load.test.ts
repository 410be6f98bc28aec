import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_CONFIG, DEFAULT_LOGGING } from '../../src/config/defaults.ts';
import { loadConfig } from '../../src/config/load.ts';
import { toLoggingSettings } from '../../src/config/to-logging-settings.ts';
import { createProject, load, sourceOf } from './project.ts';

test('without any configuration the defaults are in effect', async () => {
  const loaded = await load({});

  expect(loaded.config).toEqual(DEFAULT_CONFIG);
  expect(loaded.file).toBeUndefined();
  expect(new Set(loaded.sources.map(({ kind }) => kind))).toEqual(new Set(['default']));
});

test('an empty file and one with comments only change nothing', async () => {
  expect((await load({ 'stagelight.yaml': '' })).config).toEqual(DEFAULT_CONFIG);
  expect((await load({ 'stagelight.yaml': '# logging: debug\n' })).config).toEqual(DEFAULT_CONFIG);
  expect((await load({ 'stagelight.yaml': 'logging:\nrun:\n' })).config).toEqual(DEFAULT_CONFIG);
});

test('every key can be set in the file', async () => {
  const { config } = await load({
    'stagelight.yaml': `
pipeline: churn
environment: production
logging:
  level: warning
  format: '%(asctime)s %(message)s'
  date_format: '%H:%M:%S'
  formats: ['%(levelname)s|%(message)s']
secrets:
  rules:
    - { name: ticket, pattern: 'T-\\d+' }
run:
  live: true
  quiet: true
  tty: false
  flush_timeout: 3
mlflow:
  enabled: yes
  send: no
  tracking_uri: http://localhost:5000
  experiment: churn
  start_timeout: 5
  request_timeout: 7
  stage_runs: true
python:
  hook: true
  except: [pip]
dvc:
  shell: false
export:
  backend: { endpoint: 'http://localhost:4318' }
verify:
  loki: http://localhost:3100
`,
  });

  expect(config).toEqual({
    pipeline: 'churn',
    environment: 'production',
    logging: {
      level: 'warning',
      format: '%(asctime)s %(message)s',
      date_format: '%H:%M:%S',
      formats: ['%(levelname)s|%(message)s'],
    },
    secrets: { rules: [{ name: 'ticket', pattern: String.raw`T-\d+` }] },
    mlflow: {
      enabled: true,
      send: false,
      tracking_uri: 'http://localhost:5000',
      experiment: 'churn',
      start_timeout: 5,
      request_timeout: 7,
      stage_runs: true,
    },
    python: { hook: true, except: ['pip'] },
    dvc: { shell: false },
    run: { live: true, quiet: true, tty: false, otlp_receiver: false, flush_timeout: 3 },
    export: { backend: { endpoint: 'http://localhost:4318' } },
    verify: { loki: 'http://localhost:3100' },
  });
});

describe('rank', () => {
  const files = { 'stagelight.yaml': 'logging: { preset: quiet, level: error }\n' };
  const env = { STAGELIGHT_LOGGING_LEVEL: 'info' };
  const overrides = ['logging.level=debug'];

  test.each([
    {
      title: 'a preset comes before the default',
      files: { 'stagelight.yaml': 'logging: quiet\n' },
      level: 'warning',
      from: 'preset logging/quiet',
    },
    {
      title: 'the file comes before its preset',
      files,
      level: 'error',
      from: 'stagelight.yaml:1:34',
    },
    {
      title: 'a variable comes before the file',
      files,
      env,
      level: 'info',
      from: 'STAGELIGHT_LOGGING_LEVEL',
    },
    {
      title: 'an override comes before a variable',
      files,
      env,
      overrides,
      level: 'debug',
      from: 'argument "logging.level=debug"',
    },
    {
      title: 'a preset that an override names comes before the level of the file',
      files,
      overrides: ['logging=base'],
      level: 'trace',
      from: 'preset logging/base',
    },
    {
      title: 'a preset that a variable names comes before the level of the file',
      files,
      env: { STAGELIGHT_LOGGING: 'base' },
      level: 'trace',
      from: 'preset logging/base',
    },
  ])('$title', async ({ level, from, ...options }) => {
    const loaded = await load(options.files, {
      env: options.env ?? {},
      overrides: options.overrides ?? [],
    });

    expect(loaded.config.logging.level).toBe(level);
    expect(sourceOf(loaded, 'logging.level')).toBe(from);
  });

  test('a flag comes before an override', async () => {
    const flags = [{ key: 'pipeline', value: 'by-flag', flag: '--name' }];
    const loaded = await load({}, { overrides: ['pipeline=by-override'], flags });

    expect(loaded.config.pipeline).toBe('by-flag');
    expect(sourceOf(loaded, 'pipeline')).toBe('--name');
  });

  test('flags alone are settings too', async () => {
    const loaded = await load({}, { flags: [{ key: 'run.live', value: true, flag: '--live' }] });

    expect(loaded.config.run).toMatchObject({ live: true, quiet: false, tty: true });
    expect(sourceOf(loaded, 'run.live')).toBe('--live');
    expect(sourceOf(loaded, 'run.tty')).toBe('default');
  });
});

describe('the file', () => {
  test('is found from a subfolder, up to the root of the project', async () => {
    const root = createProject({ 'stagelight.yaml': 'pipeline: outer\n' });
    mkdirSync(join(root, 'a/b'), { recursive: true });

    const loaded = await loadConfig({ cwd: join(root, 'a/b'), env: {} });

    expect(loaded.config.pipeline).toBe('outer');
    expect(loaded.file).toBe(join(root, 'stagelight.yaml'));
  });

  test('nearest to the working directory counts', async () => {
    const root = createProject({
      'stagelight.yaml': 'pipeline: outer\n',
      'a/stagelight.yml': 'pipeline: inner\n',
    });

    expect((await loadConfig({ cwd: join(root, 'a'), env: {} })).config.pipeline).toBe('inner');
  });

  test('at the git root counts for a DVC project further down', async () => {
    const root = createProject({
      'stagelight.yaml': 'pipeline: repository\n',
      'ml/.dvc/config': '',
    });

    expect((await loadConfig({ cwd: join(root, 'ml'), env: {} })).config.pipeline).toBe(
      'repository',
    );
  });

  test('above the root of the project is not ours', async () => {
    const root = createProject({ 'stagelight.yaml': 'pipeline: outer\n', x: '' });
    const inner = join(root, 'inner');
    mkdirSync(join(inner, '.git'), { recursive: true });
    // The outer folder is a project as well, but another one.
    expect((await loadConfig({ cwd: inner, env: {} })).config.pipeline).toBeUndefined();
  });

  test('that STAGELIGHT_CONFIG names counts instead', async () => {
    const files = {
      'stagelight.yaml': 'pipeline: own\n',
      'other/settings.yaml': 'pipeline: named\n',
    };
    const loaded = await load(files, { env: { STAGELIGHT_CONFIG: 'other/settings.yaml' } });

    expect(loaded.config.pipeline).toBe('named');
    expect(sourceOf(loaded, 'pipeline')).toBe('other/settings.yaml:1:11');
  });

  test('with the other ending beside it is told to be ignored', async () => {
    const loaded = await load({
      'stagelight.yaml': 'pipeline: a\n',
      'stagelight.yml': 'pipeline: b\n',
    });

    expect(loaded.config.pipeline).toBe('a');
    expect(loaded.warnings).toEqual([
      'stagelight.yml is ignored, since stagelight.yaml is there too',
    ]);
  });

  test('may begin with a byte order mark and have CRLF lines', async () => {
    const { config } = await load({
      'stagelight.yaml': '\uFEFFpipeline: a\r\nlogging:\r\n  level: info\r\n',
    });

    expect([config.pipeline, config.logging.level]).toEqual(['a', 'info']);
  });

  test('is not written to', async () => {
    const root = createProject({});
    await loadConfig({ cwd: root, env: {}, overrides: ['logging=debug'] });
    // Only what the test itself has made is there.
    writeFileSync(join(root, 'stagelight.yaml'), '', { flag: 'wx' });
  });
});

test('null counts as not set', async () => {
  const { config } = await load({
    'stagelight.yaml':
      'pipeline: ${oc.env:NAME,null}\nlogging: { level: , from: null, format: ~ }\n',
  });

  expect(config).toEqual(DEFAULT_CONFIG);
});

describe('the settings of a run', () => {
  test('without configuration are the default ones', async () => {
    expect(toLoggingSettings((await load({})).config)).toEqual(DEFAULT_LOGGING);
  });

  test.each([
    ['debug', 5],
    ['INFO', 9],
    ['Warning', 13],
    ['critical', 21],
    ['success', 12],
    ['notset', 1],
    ['20', 9],
    ['25', 12],
    ['0', 1],
    ['100', 24],
  ])('have the level %s as severity %i', async (level, minimumSeverity) => {
    const { config } = await load({ 'stagelight.yaml': `logging: { level: ${level} }\n` });

    expect(toLoggingSettings(config).minimumSeverity).toBe(minimumSeverity);
  });

  test('read lines by the format that they are shown in, if it tells them apart', async () => {
    const format = '%(asctime)s|%(levelname)s|%(message)s';
    const own = await load({}, { overrides: [`logging.format=${format}`] });
    const plain = await load({}, { overrides: ['logging.format=%(asctime)s %(message)s'] });

    expect(toLoggingSettings(own.config).formats).toEqual([format]);
    expect(toLoggingSettings(plain.config).formats).toEqual([]);
  });

  test('name a format once', async () => {
    const format = '%(levelname)s|%(message)s';
    const overrides = [`logging.format=${format}`, `logging.formats=["${format}"]`];

    expect(toLoggingSettings((await load({}, { overrides })).config).formats).toEqual([format]);
  });
});
