import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/layers/environment.ts';
import { OTHER_VARIABLES } from '../../src/config/layers/variables.ts';
import { load, loadWrong, sourceOf } from './project.ts';

test('every setting has its variable', () => {
  expect([...VARIABLES.keys()]).toEqual([
    'STAGELIGHT_PIPELINE',
    'STAGELIGHT_ENVIRONMENT',
    'STAGELIGHT_LOGGING_PRESET',
    'STAGELIGHT_LOGGING',
    'STAGELIGHT_LOGGING_FROM',
    'STAGELIGHT_LOGGING_LEVEL',
    'STAGELIGHT_LOGGING_FORMAT',
    'STAGELIGHT_LOGGING_DATE_FORMAT',
    'STAGELIGHT_LOGGING_FORMATS',
    'STAGELIGHT_SECRETS_RULES',
    'STAGELIGHT_SECRETS_RULES_FILE',
    'STAGELIGHT_RUN_LIVE',
    'STAGELIGHT_RUN_QUIET',
    'STAGELIGHT_RUN_TTY',
    'STAGELIGHT_RUN_OTLP_RECEIVER',
    'STAGELIGHT_RUN_FLUSH_TIMEOUT',
    'STAGELIGHT_PYTHON_HOOK',
    'STAGELIGHT_PYTHON_EXCEPT',
    'STAGELIGHT_DVC_SHELL',
    'STAGELIGHT_MLFLOW_ENABLED',
    'STAGELIGHT_MLFLOW_SEND',
    'STAGELIGHT_MLFLOW_TRACKING_URI',
    'STAGELIGHT_MLFLOW_EXPERIMENT',
    'STAGELIGHT_MLFLOW_START_TIMEOUT',
    'STAGELIGHT_MLFLOW_REQUEST_TIMEOUT',
    'STAGELIGHT_MLFLOW_STAGE_RUNS',
    'STAGELIGHT_EXPORT',
    'STAGELIGHT_VERIFY_FILES',
    'STAGELIGHT_VERIFY_JAEGER',
    'STAGELIGHT_VERIFY_LOKI',
    'STAGELIGHT_VERIFY_TEMPO',
  ]);
});

test("none has a variable's name that means something else", () => {
  expect([...VARIABLES.keys()].filter((name) => OTHER_VARIABLES.has(name))).toEqual([]);
});

describe('a variable', () => {
  test.each([
    ['STAGELIGHT_PIPELINE', '12', { pipeline: '12' }],
    ['STAGELIGHT_LOGGING', 'quiet', { logging: { preset: 'quiet', level: 'warning' } }],
    ['STAGELIGHT_LOGGING_LEVEL', 'DEBUG', { logging: { level: 'DEBUG' } }],
    ['STAGELIGHT_LOGGING_LEVEL', '30', { logging: { level: 30 } }],
    [
      'STAGELIGHT_LOGGING_FORMAT',
      '%(levelname)s: %(message)s',
      { logging: { format: '%(levelname)s: %(message)s' } },
    ],
    [
      'STAGELIGHT_LOGGING_FORMATS',
      "['%(levelname)s %(message)s']",
      { logging: { formats: ['%(levelname)s %(message)s'] } },
    ],
    ['STAGELIGHT_RUN_LIVE', '1', { run: { live: true } }],
    ['STAGELIGHT_RUN_TTY', 'false', { run: { tty: false } }],
    ['STAGELIGHT_RUN_TTY', '', { run: { tty: true } }],
  ])('%s=%s', async (name, value, expected) => {
    expect((await load({}, { env: { [name]: value } })).config).toMatchObject(expected);
  });

  test('is named where its value is told', async () => {
    const loaded = await load({}, { env: { STAGELIGHT_RUN_LIVE: 'yes' } });

    expect(sourceOf(loaded, 'run.live')).toBe('STAGELIGHT_RUN_LIVE');
  });

  test.each([
    ['STAGELIGHT_LOGGING_LEVEL', 'loud', 'logging.level: expected a level name'],
    ['STAGELIGHT_RUN_LIVE', '[', 'run.live: '],
    ['STAGELIGHT_LOGGING', 'loud', 'logging: expected one of the presets'],
    ['STAGELIGHT_SECRETS_RULES_FILE', 'none.yaml', "secrets.rules_file: none.yaml isn't there"],
    ['STAGELIGHT_CONFIG', 'none.yaml', "none.yaml isn't there"],
  ])('%s=%s is a mistake', async (name, value, message) => {
    const error = await loadWrong({}, { env: { [name]: value } });

    expect(error.message).toContain(`${name}: ${message}`);
  });

  test('that is mistyped is told, since it may as well be for others', async () => {
    const env = { STAGELIGHT_LOGING_LEVEL: 'debug', STAGELIGHT_SOMETHING_ELSE: '1' };

    expect((await load({}, { env })).warnings).toEqual([
      'STAGELIGHT_LOGING_LEVEL is no setting; did you mean STAGELIGHT_LOGGING_LEVEL?',
    ]);
  });

  test('that ties a process to a run is no setting', async () => {
    const env = {
      STAGELIGHT_RUN_ID: 'x',
      STAGELIGHT_RUN_DIR: 'y',
      STAGELIGHT_DIR: 'z',
      STAGELIGHT_OTLP_ENDPOINT: 'u',
    };
    const loaded = await load({}, { env });

    expect(loaded.warnings).toEqual([]);
    expect(loaded.sources.every(({ kind }) => kind === 'default')).toBe(true);
  });
});
