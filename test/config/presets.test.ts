import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_CONFIG, DEFAULT_LOGGING } from '../../src/config/defaults.ts';
import { findPresets } from '../../src/config/layers/presets.ts';
import { toLoggingSettings } from '../../src/config/to-logging-settings.ts';
import { load, loadWrong, sourceOf } from './project.ts';

const GROUPS = readdirSync(new URL('../../configs', import.meta.url));
const PRESETS = GROUPS.flatMap((group) =>
  [...findPresets(group).keys()].map((name) => ({ group, name })),
);

test('base says what is in effect without configuration', async () => {
  const { config, sources } = await load({ 'stagelight.yaml': 'logging: base\n' });

  const { preset, ...logging } = config.logging;
  expect(preset).toBe('base');
  expect(logging).toEqual(DEFAULT_CONFIG.logging);
  expect(toLoggingSettings(config)).toEqual(DEFAULT_LOGGING);
  const said = sources.filter(({ kind }) => kind === 'preset').map(({ key }) => key);
  expect(said.toSorted()).toEqual(['logging.format', 'logging.formats', 'logging.level']);
});

test.each(PRESETS)('the preset $group/$name has no mistake', async ({ group, name }) => {
  const { config } = await load({ 'stagelight.yaml': `${group}: ${name}\n` });

  expect(config).toMatchObject({ [group]: { preset: name } });
});

test('what a preset says can be set beside it', async () => {
  const loaded = await load({ 'stagelight.yaml': 'logging:\n  preset: debug\n  level: info\n' });

  expect(loaded.config.logging.level).toBe('info');
  expect(sourceOf(loaded, 'logging.format')).toBe('preset logging/debug');
});

test("a preset's name may be an interpolation", async () => {
  const files = { 'stagelight.yaml': 'logging: ${oc.env:VERBOSITY,quiet}\n' };

  expect((await load(files)).config.logging.level).toBe('warning');
  expect((await load(files, { env: { VERBOSITY: 'debug' } })).config.logging.level).toBe('trace');
});

test.each(['../logging/base', 'base.yaml', '__proto__', 'loud'])(
  'there is no preset %s',
  async (name) => {
    const error = await loadWrong({ 'stagelight.yaml': `logging: ${name}\n` });

    expect(error.message).toContain(
      `stagelight.yaml:1:10: logging: expected one of the presets base, debug, quiet, got "${name}"`,
    );
  },
);
