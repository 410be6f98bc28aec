import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { findRunDirs, readRun, stagelight, toPrinted } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

/** Prints a numbered line every millisecond or so, in stages. */
const TALKER = `
  const print = (index) => {
    if (index % 100 === 0) console.log("Running stage 's" + index / 100 + "':");
    console.log('line ' + index);
    if (index < 100000) setTimeout(print, 1, index + 1);
  };
  print(0);
`;

test.each([80, 210, 340, 470, 600, 730])(
  'killed %i ms into the output, nothing that was shown is lost',
  async (afterMs) => {
    const cwd = createTemporaryDir();
    const running = stagelight(cwd, ['run', '--', process.execPath, '-e', TALKER]);
    let shown = '';
    running.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await waitFor(() => shown !== '');
    await sleep(afterMs);
    running.kill('SIGKILL');
    await running;

    const list = await stagelight(cwd, ['ls', '--json']);
    expect(JSON.parse(list.stdout)).toMatchObject([{ state: 'interrupted' }]);
    const run = readRun(cwd);
    expect(run.info).toMatchObject({ state: 'interrupted', result: 'error' });
    const shownLines = shown.split('\n').slice(0, -1);
    // What was in the inbox and not yet on the screen may be there as well.
    expect(toPrinted(run).slice(0, shownLines.length)).toEqual(shownLines);
    expect(new Set(run.records.map(({ attributes }) => attributes['log.record.uid'])).size).toBe(
      run.records.length,
    );
    const stages = run.spans.filter(({ name }) => /^s\d+$/.test(name)).map(({ name }) => name);
    const printed = toPrinted(run).filter((line) => line.startsWith('Running stage'));
    expect(stages).toHaveLength(printed.length);
    expect(run.spans.filter(({ name }) => name.startsWith('RUN '))).toHaveLength(1);
    expect(readFileSync(join(run.runDir, 'run.log'), 'utf8').match(/: line \d+$/gm)).toHaveLength(
      toPrinted(run).filter((line) => line.startsWith('line ')).length,
    );
    expect(existsSync(join(run.runDir, 'inbox'))).toBe(false);
  },
);

test('a run that is killed while it is read shows as running until then, and as interrupted after', async () => {
  const cwd = createTemporaryDir();
  const running = stagelight(cwd, ['run', '--', process.execPath, '-e', TALKER]);
  await waitFor(() => existsSync(join(cwd, '.stagelight/runs')) && findRunDirs(cwd).length === 1);
  expect(JSON.parse((await stagelight(cwd, ['ls', '--json'])).stdout)).toMatchObject([
    { state: 'running' },
  ]);
  running.kill('SIGKILL');
  await running;
  const shown = await stagelight(cwd, ['show', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({ run: { state: 'interrupted' } });
});

test('two readers at once merge a killed run once', async () => {
  const cwd = createTemporaryDir();
  const running = stagelight(cwd, ['run', '--', process.execPath, '-e', TALKER]);
  await waitFor(() => existsSync(join(cwd, '.stagelight/runs')) && findRunDirs(cwd).length === 1);
  await sleep(300);
  running.kill('SIGKILL');
  await running;
  await Promise.all([1, 2, 3].map(() => stagelight(cwd, ['ls'])));
  const run = readRun(cwd);
  expect(new Set(run.records.map(({ attributes }) => attributes['log.record.uid'])).size).toBe(
    run.records.length,
  );
  expect(run.spans.filter(({ name }) => name.startsWith('RUN '))).toHaveLength(1);
});
