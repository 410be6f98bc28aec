import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun } from '../support/cli.ts';
import { runIn } from '../support/mlops-project.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { openTerminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait.ts';

const test = testWith('tmux', 'dvc', 'python3');

/** A DVC project with one stage that runs a script. */
async function createStage(script: readonly string[]): Promise<string> {
  const project = createTemporaryDir();
  await runIn(project, ['dvc', 'init', '-q', '--no-scm']);
  writeFileSync(join(project, 'train.py'), `${script.join('\n')}\n`);
  writeFileSync(
    join(project, 'dvc.yaml'),
    'stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n',
  );
  return project;
}

test('a breakpoint in a stage that DVC runs can be talked to', async () => {
  const project = await createStage(['loss = 41', 'breakpoint()', 'print("loss is", loss)']);
  const terminal = await openTerminal(project);
  await terminal.type('stagelight run -- dvc repro');
  await terminal.waitForText('(Pdb)');
  await terminal.type('loss += 1');
  await terminal.type('continue');
  await terminal.waitForText('loss is 42');
  await terminal.waitForText(/success in .* 1 stage/);
  const line = readRun(project).lines.find(({ body }) => body.includes('loss is 42'));
  expect(line?.attributes['cicd.pipeline.task.name']).toBe('train');
});

test('Ctrl-C in a stage that DVC runs cancels the stage and the run', async () => {
  const project = await createStage([
    'import time',
    'print("ready", flush=True)',
    'time.sleep(60)',
  ]);
  const terminal = await openTerminal(project);
  await terminal.type('stagelight run -- dvc repro; echo "code $?"');
  await terminal.waitForText(/^ready$/m);
  await terminal.press('C-c');
  await terminal.waitForText(/^code 255$/m); // as DVC ends without us
  await waitFor(() => readRun(project).info.state === 'finished');
  const run = readRun(project);
  expect(run.info).toMatchObject({ result: 'cancellation', exitCode: 255 });
  const [stage] = run.spans.filter(({ name }) => name === 'train');
  expect(stage?.attributes).toMatchObject({ 'cicd.pipeline.task.run.result': 'cancellation' });
});

test('a stage that DVC runs can ask, and be stopped by Ctrl-Z and gone on with', async () => {
  const project = await createStage([
    'import time',
    'name = input("who? ")',
    'for i in range(1, 12):',
    '    print("tick", i, name, flush=True)',
    '    time.sleep(0.3)',
  ]);
  const terminal = await openTerminal(project);
  await terminal.type('stagelight run -- dvc repro');
  await terminal.waitForText('who?');
  await terminal.type('Ada');
  await terminal.waitForText('tick 2 Ada');
  await terminal.press('C-z');
  await terminal.waitForText('Stopped');
  const stopped = (await terminal.read()).match(/tick \d+/g)!.length;
  await terminal.type('sleep 1; echo "waited" long');
  await terminal.waitForText(/^waited long$/m);
  expect((await terminal.read()).match(/tick \d+/g)).toHaveLength(stopped);
  await terminal.type('fg');
  await terminal.waitForText(/success in .* 1 stage/);
  const ticks = readRun(project).lines.filter(({ body }) => body.startsWith('tick'));
  expect(ticks).toHaveLength(11);
  expect(new Set(ticks.map((line) => line.attributes['cicd.pipeline.task.name']))).toEqual(
    new Set(['train']),
  );
  const [command] = readRun(project).spans.filter(({ name }) => name === 'python3');
  expect(command?.attributes['process.exit.code']).toBe(0);
});
