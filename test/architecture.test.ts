import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Folders from the ground up: each may import those before it. */
const FLOORS = [
  'model',
  'otlp',
  'grammars',
  'spool',
  'config',
  'capture',
  'merge',
  'sink',
  'ship',
  'view',
  'recording',
  'serve',
  'setup',
  'command',
];

/** Neighbours that must not know each other, and the one door between them that is open. */
const APART: readonly { from: string; to: string; except: readonly string[] }[] = [
  { from: 'merge', to: 'capture', except: [] },
  { from: 'merge', to: 'config', except: [] },
  { from: 'view', to: 'capture', except: [] },
  { from: 'view', to: 'config', except: [] },
  { from: 'view', to: 'merge', except: ['merge/recover.ts'] },
  { from: 'sink', to: 'capture', except: [] },
  { from: 'sink', to: 'merge', except: [] },
  { from: 'ship', to: 'capture', except: [] },
  { from: 'ship', to: 'merge', except: [] },
  { from: 'view', to: 'ship', except: [] },
  { from: 'grammars', to: 'otlp', except: [] },
  { from: 'spool', to: 'grammars', except: [] },
];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const imports = files.flatMap((file) => findImports(file).map((target) => ({ file, target })));

test('imports point one way', () => {
  const upward = imports.filter(({ file, target }) => floorOf(target) > floorOf(file));
  expect(upward).toEqual([]);
});

test.each(APART)('$from does not know $to', ({ from, to, except }) => {
  const found = imports.filter(
    ({ file, target }) => folderOf(file) === from && folderOf(target) === to,
  );
  expect(found.filter(({ target }) => !except.includes(target))).toEqual([]);
});

test('every folder has its floor', () => {
  const folders = new Set(files.map(folderOf).filter((folder) => folder !== ''));
  expect([...folders].filter((folder) => !FLOORS.includes(folder))).toEqual([]);
});

test('no two files import each other, directly or not', () => {
  const targets = new Map<string, string[]>();
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file))
      throw new Error(`a circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) expect(() => visit(file, [])).not.toThrow();
});

test('only bin.ts ends the process, and nobody prints past his streams', () => {
  const found = files.filter((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    return file !== 'bin.ts' && /\bprocess\.exit\(|\bconsole\.(?:log|error|warn|info)\(/.test(text);
  });
  expect(found).toEqual([]);
});

test('the public door only re-exports', () => {
  const text = readFileSync(join(SRC, 'index.ts'), 'utf8').replaceAll(
    /\/\*[^]*?\*\/|\/\/.*$/gm,
    '',
  );
  expect(
    text
      .split(';')
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '' && !statement.startsWith('export')),
  ).toEqual([]);
});

function findImports(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map((match) => relative(SRC, join(SRC, dirname(file), match[1]!)));
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

/** Files at the top stand above all folders. */
function floorOf(file: string): number {
  const floor = FLOORS.indexOf(folderOf(file));
  return floor < 0 ? FLOORS.length : floor;
}
