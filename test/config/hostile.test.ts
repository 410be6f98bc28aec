import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createProject, load, loadWrong } from './project.ts';

// What grows faster than its input takes minutes; a machine at work may be slow.
const MAX_MS = 20_000;

describe('a file that is none', () => {
  test.each([
    ['a folder', (path: string) => mkdirSync(path), 'is a folder'],
    ['a named pipe', (path: string) => spawnSync('mkfifo', [path]), "isn't a regular file"],
    [
      'a link to a device',
      (path: string) => symlinkSync('/dev/zero', path),
      "isn't a regular file",
    ],
  ])('%s', async (_title, make, message) => {
    const cwd = createProject({});
    make(join(cwd, 'stagelight.yaml'));

    await expect(loadConfig({ cwd, env: {} })).rejects.toThrow(`stagelight.yaml ${message}`);
  });

  test.each([
    ['a link to nowhere', (path: string) => symlinkSync('nowhere', path), "isn't there"],
    [
      'a link to itself',
      (path: string) => symlinkSync('named.yaml', path),
      'symbolic links go round in a circle',
    ],
  ])('%s', async (_title, make, message) => {
    const cwd = createProject({});
    make(join(cwd, 'named.yaml'));

    const loading = loadConfig({ cwd, env: { STAGELIGHT_CONFIG: 'named.yaml' } });
    await expect(loading).rejects.toThrow(message);
  });

  test.skipIf(process.getuid?.() === 0)('one that may not be read', async () => {
    const cwd = createProject({ 'stagelight.yaml': '' });
    chmodSync(join(cwd, 'stagelight.yaml'), 0);

    await expect(loadConfig({ cwd, env: {} })).rejects.toThrow(
      "stagelight.yaml can't be read: permission denied",
    );
  });

  test.each([
    ['NUL bytes', Buffer.from('a: 1\nb: \0'), "isn't a text file: it has a NUL byte in line 2"],
    ['other encodings', Buffer.from([0x61, 0xff, 0x62]), "isn't UTF-8 text"],
    ['UTF-16', Buffer.from('\uFEFFa: 1', 'utf16le'), "isn't UTF-8 text"],
    ['more than a megabyte', Buffer.alloc(1024 * 1024 + 1, 'x'), 'is larger than 1048576 bytes'],
  ])('%s', async (_title, content, message) => {
    const error = await loadWrong({ 'stagelight.yaml': content });

    expect(error.message.split('\n')[0]).toContain(`stagelight.yaml ${message}`);
    expect(error.code).toBe('unreadable');
  });
});

describe('a text that is made to be slow or large is refused in time', () => {
  const MANY = 1_000_000;
  test.each([
    ['[', '['.repeat(MANY), 'nested too deeply'],
    ['{a:', '{a: '.repeat(MANY / 5), 'nested too deeply'],
    ['- -', '- '.repeat(MANY / 2), 'nested too deeply'],
    [
      'indented keys',
      Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'nested too deeply',
    ],
    [']', ']'.repeat(MANY), 'too long for a configuration'],
    ['commas', `[${','.repeat(MANY)}`, 'too long for a configuration'],
    ['anchors', '&a '.repeat(MANY / 4), 'too long for a configuration'],
    ['documents', '---\n'.repeat(MANY / 5), ''],
    [
      'many keys',
      Array.from({ length: 10_000 }, (_, index) => `k${index}: 1`).join('\n'),
      'unknown key',
    ],
    ['the same key', 'k: 1\n'.repeat(10_000), 'is there twice'],
    ['one long text', `pipeline: ${'x'.repeat(MANY)} [`, ''],
    ['one long line', `pipeline: {a: ${'x'.repeat(MANY)}}`, 'expected'],
    ['interpolations', `pipeline: "${'${a}'.repeat(MANY / 5)}"`, 'there is no a'],
    ['open interpolations', `pipeline: "${"${'".repeat(MANY / 5)}"`, ''],
    ['an alias in its own anchor', 'pipeline: &a [*a]', 'there is no anchor &a'],
    [
      'aliases of aliases',
      Array.from(
        { length: 40 },
        (_, index) =>
          `a${index}: &a${index} [${index === 0 ? '1' : `*a${index - 1}, *a${index - 1}`}]`,
      ).join('\n'),
      'unfolds to more than 50000 values',
    ],
  ])('%s', async (_title, text, message) => {
    const start = performance.now();
    const error = await load({ 'stagelight.yaml': text }).catch((error: unknown) => error);

    if (message !== '') expect((error as ConfigError).message).toContain(message);
    if (error instanceof Error) expect(error).toBeInstanceOf(ConfigError);
    expect(performance.now() - start).toBeLessThan(MAX_MS);
  });
});

describe("keys of JavaScript's own", () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])(
    '%s is unknown',
    async (key) => {
      for (const text of [
        `${key}: { live: true }`,
        `run: { ${key}: true }`,
        `run: { ${key}: { live: true } }`,
      ]) {
        const error = await loadWrong({ 'stagelight.yaml': text });
        expect(error.code).toBe('unknown-key');
      }
      expect({}).not.toHaveProperty('live');
    },
  );

  test.each(['__proto__', 'constructor.name', 'a.__proto__.b'])(
    '${%s} leads nowhere',
    async (key) => {
      const error = await loadWrong({ 'stagelight.yaml': `pipeline: \${${key}}\n` });

      expect(error.message).toContain('there is no');
    },
  );
});

function createFile(cwd: string, content: string, name = 'stagelight.yaml'): void {
  writeFileSync(join(cwd, name), content);
}

const WORD = fc.constantFrom(
  'logging',
  'run',
  'secrets',
  'rules',
  'level',
  'format',
  'from',
  'preset',
  'pipeline',
  ': ',
  ':',
  '\n',
  '\n  ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  '"',
  "'",
  '&a ',
  '*a',
  '<<',
  '%(message)s',
  '${',
  '${oc.env:A}',
  '#',
  '|',
  '>',
  '---',
  '!!str ',
  '\t',
  '0',
  'debug',
  '~',
  'null',
  '__proto__',
);

test('any text as stagelight.yaml is loaded or refused as a mistake', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(WORD, { maxLength: 60 }).map((words) => words.join('')),
  );
  const cwd = createProject({});
  await fc.assert(
    fc.asyncProperty(text, async (content) => {
      createFile(cwd, content);
      await loadConfig({ cwd, env: {} }).catch((error: unknown) =>
        expect(error).toBeInstanceOf(ConfigError),
      );
    }),
    { numRuns: 1500 },
  );
});

test('any file that logging.from names is taken or refused as a mistake', async () => {
  const cwd = createProject({ 'f.yaml': '' });
  await fc.assert(
    fc.asyncProperty(fc.array(WORD, { maxLength: 60 }), async (words) => {
      createFile(cwd, words.join(''), 'f.yaml');
      await loadConfig({ cwd, env: {}, overrides: ['logging.from=f.yaml'] }).catch(
        (error: unknown) => expect(error).toBeInstanceOf(ConfigError),
      );
    }),
    { numRuns: 500 },
  );
});

test('any value of any setting is loaded or refused at its own place', async () => {
  const cwd = createProject({});
  const value = fc.jsonValue({ maxDepth: 2 });
  await fc.assert(
    fc.asyncProperty(
      fc.record(
        { logging: value, run: value, secrets: value, pipeline: value },
        { requiredKeys: [] },
      ),
      async (config) => {
        // JSON is YAML.
        createFile(cwd, JSON.stringify(config, undefined, 1));
        await loadConfig({ cwd, env: {} }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as ConfigError).line).toBeGreaterThan(0);
        });
      },
    ),
    { numRuns: 500 },
  );
});
