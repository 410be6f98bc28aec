import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findPresets } from '../../src/config/layers/presets.ts';
import { VARIABLES } from '../../src/config/layers/environment.ts';
import { splitOverrides } from '../../src/config/layers/override-syntax.ts';
import { CONFIG_SCHEMA } from '../../src/config/sections.ts';
import { toNamedValue, walkSchema } from '../../src/config/tree/schema-tree.ts';
import { load, loadWrong } from './project.ts';

const TEXT = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const BLOCKS = [...TEXT.matchAll(/^```(\w+)(?: file=(\S+))?\n([^]*?)^```$/gm)].map(
  ([, language, file, text]) => ({ language, file, text: text! }),
);
/** The files that the examples name. */
const FILES = {
  ...Object.fromEntries(
    BLOCKS.flatMap(({ file, text }) => (file === undefined ? [] : [[file, text]])),
  ),
  'secrets.yaml': "- { name: other, pattern: 'x+' }",
  [`rules/${new Date().getFullYear()}.yaml`]: "- { name: other, pattern: 'x+' }",
};
const EXAMPLES = BLOCKS.filter(({ language, file }) => language === 'yaml' && file === undefined);

test.each(EXAMPLES)('the example is a configuration: $text', async ({ text }) => {
  const { sources } = await load({ ...FILES, 'stagelight.yaml': text });

  expect(sources.some(({ kind }) => kind === 'file')).toBe(true);
});

test('the first example has every key', async () => {
  const loaded = await load({ ...FILES, 'stagelight.yaml': EXAMPLES[0]!.text });

  const keys = [...walkSchema(CONFIG_SCHEMA)].flatMap(({ path, schema }) => {
    const named = toNamedValue(schema);
    const below = named === undefined ? [[]] : [...walkSchema(named)].map((each) => each.path);
    return below.map((rest) => [...path, ...(named === undefined ? [] : ['collector']), ...rest]);
  });
  for (const key of keys) {
    expect(
      loaded.sources.some(({ key: set, kind }) => kind === 'file' && set.startsWith(key.join('.'))),
    ).toBe(true);
  }
});

test("the example of logging.from takes the Hydra file's format and level", async () => {
  const { config } = await load({ ...FILES, 'stagelight.yaml': EXAMPLES[1]!.text });

  expect(config.logging).toMatchObject({
    level: 20,
    format: '%(asctime)s %(levelname)s:%(message)s',
  });
});

describe('the command', () => {
  const commands = BLOCKS.filter(({ language }) => language === 'sh').flatMap(({ text }) =>
    text.trim().split('\n'),
  );

  test.each(commands)('%s', async (command) => {
    const { overrides, rest } = splitOverrides(toWords(command).slice(2));

    expect(rest).toEqual(['dvc', 'repro']);
    await load(FILES, { overrides });
  });
});

/** The words of a command line as a shell would split it, single quotes only. */
function toWords(command: string): string[] {
  return (command.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

test('the variables that are named are there', () => {
  const named = [...TEXT.matchAll(/`(STAGELIGHT_\w+)/g)].map(([, name]) => name!);

  expect(named.filter((name) => name !== 'STAGELIGHT_CONFIG' && !VARIABLES.has(name))).toEqual([]);
});

test('the presets are all named', () => {
  const named = [...TEXT.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);

  expect(named).toEqual([...findPresets('logging').keys()]);
});

test('the mistake is told as it is shown', async () => {
  const shown = BLOCKS.find(({ language }) => language === 'text')!.text.trimEnd();
  const error = await loadWrong({
    'stagelight.yaml': 'logging:\n  # as loud as can be\n  level: loud\n',
  });

  expect(`stagelight: ${error.message}`).toBe(shown);
});
