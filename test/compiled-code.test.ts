import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../src/model/version.ts';
import { CLI, stagelight } from './support/cli.ts';
import { createTemporaryDir } from './support/temporary.ts';

const isByNode = Number(process.versions.node.split('.')[0]) >= 22;

function open() {
  const home = createTemporaryDir();
  const folder = join(home, 'stagelight', 'compiled', `${process.version}-${process.arch}`);
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const end = await stagelight(home, ['--version'], { env: { XDG_CACHE_HOME: home, ...env } });
    expect(end).toMatchObject({ stdout: VERSION, stderr: '', exitCode: 0 });
  };
  return { home, folder, start };
}

function readKept(folder: string): Map<string, Buffer> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

test.skipIf(isByNode)(
  'what was compiled is kept for the next start, for its owner alone',
  async () => {
    const { folder, start } = open();
    await start();
    const kept = readKept(folder);
    expect([...kept.keys()].some((name) => /^starting-.*\.js\.v8$/.test(name))).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const times = [...kept.keys()].map((name) => statSync(join(folder, name)).mtimeMs);

    await start();
    expect([...kept.keys()].map((name) => statSync(join(folder, name)).mtimeMs)).toEqual(times);
  },
);

test.skipIf(isByNode)('what is damaged, cut or of another program is made anew', async () => {
  const { folder, start } = open();
  await start();
  const [[name, whole]] = [...readKept(folder)].filter(([each]) =>
    each.startsWith('starting-'),
  ) as [[string, Buffer]];
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1]! ^= 0x10;
  for (const bad of [flipped, whole.subarray(0, 5000), Buffer.alloc(0), Buffer.from('no code')]) {
    writeFileSync(join(folder, name), bad);
    await start();
    expect(readFileSync(join(folder, name)).length).toBeGreaterThan(10_000);
  }
});

test.skipIf(process.platform !== 'linux')(
  'a home in which no folder can be made costs nothing but what would be kept there',
  async () => {
    const { start } = open();
    await start({ XDG_CACHE_HOME: '/proc/no-home' }); // Node's own recursive mkdir never returns here
  },
);

test('no file of the command line calls import(): code that was kept can’t', () => {
  const folder = dirname(CLI);
  const calling = readdirSync(folder).filter((name) =>
    /(?<![\w.$])import\(/.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(calling).toEqual([]);
});

test.skipIf(isByNode)('what was kept of an older file goes', async () => {
  const { folder, start } = open();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'starting-0lder-x1.js.v8'), 'old');
  writeFileSync(join(folder, 'another.txt'), 'not ours');
  await start();
  expect(readdirSync(folder)).not.toContain('starting-0lder-x1.js.v8');
  expect(readdirSync(folder)).toContain('another.txt');
});

test('where nothing can be kept, or shall be, everything works', async () => {
  const { home, start } = open();
  await start({ NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(readdirSync(home)).toEqual([]);
  writeFileSync(join(home, 'stagelight'), 'a file where the folder should be');
  await start();
  chmodSync(home, 0o500);
  await start();
  chmodSync(home, 0o700);
});
