import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRun } from '../../src/view/find-run.ts';
import type { FoundRun } from '../../src/view/find-run.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { makeRun } from './support/make-run.ts';

const IDS = ['aa11', 'aa22', 'bb33'].map((start) => start.padEnd(32, '0'));

/** Three runs, the newest last. */
function makeHome(): { home: string; cwd: string } {
  const cwd = createTemporaryDir();
  const home = join(cwd, '.stagelight');
  for (const [index, runId] of IDS.entries()) makeRun({ home, runId, startMs: index * 60_000 });
  return { home, cwd };
}

function toId(found: FoundRun): string | undefined {
  return found.status === 'found' ? found.run.info.runId : undefined;
}

test.each([
  ['latest', IDS[2]],
  ['@0', IDS[2]],
  ['@1', IDS[1]],
  ['@2', IDS[0]],
  [IDS[0]!, IDS[0]],
  ['bb', IDS[2]],
  ['AA22', IDS[1]],
])('%s is a name of a run', async (name, runId) => {
  expect(toId(await findRun(name, makeHome()))).toBe(runId);
});

test('a beginning that several runs share names none of them', async () => {
  const found = await findRun('aa', makeHome());
  expect(found).toMatchObject({ status: 'ambiguous', runs: [{}, {}] });
});

test.each([
  ['latset', 'latest'],
  ['@7', '@2'],
  ['bb34', 'bb33'],
  ['demo', 'bb330000'],
  ['zzz', undefined],
])('for %s, which is no run, %s is suggested', async (name, suggestion) => {
  const found = await findRun(name, makeHome());
  expect(found.status).toBe('unknown');
  expect(found.status === 'unknown' && found.suggestion).toBe(suggestion);
});

test('a directory that was copied here is named by its path, its run.json too', async () => {
  const place = makeHome();
  const copy = join(place.cwd, 'from a colleague');
  cpSync(join(place.home, 'runs', IDS[0]!), copy, { recursive: true });
  for (const name of [copy, './from a colleague', 'from a colleague/run.json']) {
    const found = await findRun(name, place);
    expect(found).toMatchObject({ status: 'found', run: { runDir: copy } });
  }
  expect(toId(await findRun(copy, { home: '/nowhere', cwd: '/' }))).toBe(IDS[0]);
});

test('where there are no runs, there is none of any name', async () => {
  const cwd = createTemporaryDir();
  expect(await findRun('latest', { home: join(cwd, '.stagelight'), cwd })).toEqual({
    status: 'none',
  });
});

test('the path of something that holds no run is told as such, whatever runs there are', async () => {
  const { home, cwd } = makeHome();
  const broken = join(cwd, 'broken');
  cpSync(join(home, 'runs', IDS[0]!), broken, { recursive: true });
  writeFileSync(join(broken, 'run.json'), '{"runId"');

  expect(await findRun('./broken', { home, cwd })).toMatchObject({
    status: 'unreadable',
    path: broken,
    fault: "its run.json can't be read",
  });
  expect(await findRun('.', { home, cwd })).toMatchObject({ fault: 'it has no run.json' });
  expect(await findRun('./nowhere', { home, cwd })).toMatchObject({ status: 'unknown' });
});
