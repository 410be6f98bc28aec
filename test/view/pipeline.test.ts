import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ShowJson } from '../../src/view/show/show-json.ts';
import { stagelight } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const PIPELINE = `
stages:
  prepare:
    cmd: node prepare.cjs
  train:
    cmd: node train.cjs
    params: [lr]
`;

/** Prints what DVC prints around stages, on one stream: two are read in any order. */
const REPRO = `
const lr = process.argv[2];
console.log("Stage 'prepare' didn't change, skipping");
console.log("Running stage 'train':\\n> node train.cjs");
console.log('[2026-11-23 06:30:00,000][__main__][INFO] - training with ' + lr);
if (lr === 'nan') {
  console.log('Traceback (most recent call last):\\n  File "train.py", line 5, in <module>\\n    fit()\\nValueError: loss is nan');
  console.log("ERROR: failed to reproduce 'train': failed to run: node train.cjs, exited with 1");
  process.exit(255);
}
console.log("Updating lock file 'dvc.lock'");
`;

/** A pipeline of two runs, the second of which failed. */
async function makeProject(): Promise<string> {
  const cwd = createTemporaryDir();
  mkdirSync(join(cwd, '.dvc'));
  mkdirSync(join(cwd, 'src'));
  writeFileSync(join(cwd, 'dvc.yaml'), PIPELINE);
  writeFileSync(join(cwd, 'repro.cjs'), REPRO);
  for (const lr of ['0.1', 'nan']) {
    await stagelight(cwd, ['run', '--name', 'p', '--', 'node', 'repro.cjs', lr]);
  }
  return cwd;
}

test('a project’s runs are listed, shown, searched and compared, from a folder below', async () => {
  const cwd = join(await makeProject(), 'src');
  const call = async (...args: string[]) => stagelight(cwd, args);

  const listed = await call('ls');
  expect(listed.stdout).toMatch(
    /✖ failure .* 1 failed 1 skipped +\d+ .*\n.*✔ success .* 1 ran 1 skipped +0 /,
  );

  const shown = await call('show');
  expect(shown.exitCode).toBe(0);
  expect(shown.stdout).toMatch(/○ prepare .* unchanged/);
  expect(shown.stdout).toMatch(/✖ train .*ValueError: loss is nan/);
  expect(shown.stdout).toMatch(/First error in train\n( {2}.*\n)* {2}ValueError: loss is nan\n/);
  const { run, nodes } = JSON.parse(
    String((await call('show', '@1', '--json')).stdout),
  ) as ShowJson;
  expect(run).toMatchObject({ pipeline: 'p', result: 'success' });
  expect(nodes.map(({ name, result }) => [name, result])).toEqual([
    ['prepare', 'skip'],
    ['train', 'success'],
  ]);

  expect((await call('logs', '@1', '--stage', 'train', '--level', 'info')).stdout).toMatch(
    /INFO +train: training with 0\.1$/,
  );
  expect((await call('logs', '--level', 'error')).stdout).toContain('ValueError: loss is nan');

  const compared = await call('diff');
  expect(compared.exitCode).toBe(1);
  expect(compared.stdout).toMatch(/result +success +failure/);
  expect(compared.stdout).toMatch(/command +.*0\.1 +.*nan/);
  expect((await call('diff', 'latest', 'latest')).exitCode).toBe(0);

  const wrong = await call('show', 'lastest');
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain("no run 'lastest'; did you mean 'latest'?");
});
