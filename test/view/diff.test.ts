import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { InboxEntry } from '../../src/model/inbox.ts';
import type { DiffJson } from '../../src/view/diff/diff-json.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { callMain, withoutColors } from './support/call-main.ts';
import { makeRun } from './support/make-run.ts';
import type { EntryMaker } from './support/make-run.ts';

const A = 'a1'.repeat(16);
const B = 'b2'.repeat(16);

interface Variant {
  readonly lr: number;
  readonly epochs?: number;
  readonly hash?: string;
  readonly accuracy?: number;
  readonly values?: number[];
  readonly evaluateMs?: number;
}

/** A pipeline of three stages. */
function entries({
  lr,
  epochs = 5,
  hash = 'a',
  accuracy = 0.9,
  values = [0.5, 0.7],
  evaluateMs = 1000,
}: Variant) {
  return (run: EntryMaker): InboxEntry[] => [
    run.startStage('tune', 0),
    ...run.study('search', { stage: 'tune', fromMs: 0, values }),
    run.endStage('tune', 1000, { attributes: { 'dvc.stage.outcome': 'ran' } }),
    ...run.stage('train', [1000, 2000], {
      'dvc.stage.cmd': `python train.py --lr ${lr} --seed 1`,
      'dvc.param.train': JSON.stringify({ lr, epochs }),
      'dvc.deps': [`data/raw file.csv ${'0'.repeat(32)} 12`],
      'dvc.outs': [`model.bin ${hash.repeat(32)} 1234`],
      'hydra.overrides': [`train.lr=${lr}`, 'train.seed=1'],
    }),
    run.startStage('evaluate', 2000),
    run.metric(2000, ['accuracy', accuracy], 'evaluate'),
    run.endStage('evaluate', 2000 + evaluateMs, {
      attributes: {
        'dvc.stage.outcome': 'ran',
        'dvc.param.train': JSON.stringify({ lr, epochs }),
        'dvc.deps': [`model.bin ${hash.repeat(32)} 1234`],
      },
    }),
  ];
}

function makeProject(left: Variant, right: Variant): { cwd: string; home: string } {
  const cwd = createTemporaryDir();
  const home = join(cwd, '.stagelight');
  const git = { branch: 'main', revision: '1'.repeat(40), isDirty: false };
  makeRun({ home, runId: A, git, entries: entries(left) });
  makeRun({ home, runId: B, git, entries: entries(right), startMs: 60_000 });
  return { cwd, home };
}

test('runs that are the same: exit code 0, and what was compared in a line', async () => {
  const { stdout, status } = await callMain(['diff'], makeProject({ lr: 0.1 }, { lr: 0.1 }));
  expect(status).toBe(0);
  expect(stdout).toContain(
    'No difference: the same git state, 3 stages, 2 parameters, 2 overrides, 2 files and folders, 1 metric, 4 results of studies.\n',
  );
});

test('runs that differ: exit code 1, and only what differs, in columns', async () => {
  const project = makeProject(
    { lr: 0.1 },
    { lr: 0.2, hash: 'b', accuracy: 0.93, values: [0.5, 0.8, 0.6], evaluateMs: 3000 },
  );
  const { stdout, status } = await callMain(['diff'], project);
  expect(status).toBe(1);
  expect(stdout.split('\n').slice(3, -1).join('\n')).toBe(`
                      a1a1a1a1  b2b2b2b2
commands
  train               … 0.1 …   … 0.2 …
parameters
  train.lr            0.1       0.2       train, evaluate
overrides
  train.lr            0.1       0.2       train
data
  model.bin           aaaaaaaa  bbbbbbbb  train, evaluate
metrics
  accuracy            0.9       0.93      +0.03 (+3.3 %)  evaluate
studies
  search: trials      2         3         +1  tune
  search: best value  0.7       0.8       +0.1 (+14 %)  tune
records by level
  no level            8         9         +1
durations                                 not counted as a difference
  evaluate            1.0 s     3.0 s     ×3

The same in both: git state, 3 stages, 1 parameter, 1 override, 1 file or folder, 2 results of studies.`);
});

test('the JSON has values, not their texts', async () => {
  const project = makeProject({ lr: 0.1 }, { lr: 0.2, hash: 'b' });
  const { stdout } = await callMain(['diff', '--json'], project);
  const shown = JSON.parse(stdout) as DiffJson;
  expect(shown).toMatchObject({ isEqual: false, left: { runId: A }, right: { runId: B } });
  expect(shown.differences).toMatchObject({
    run: [],
    git: [],
    stages: [],
    commands: [
      { left: 'python train.py --lr 0.1 --seed 1', right: 'python train.py --lr 0.2 --seed 1' },
    ],
    params: [{ name: 'train.lr', left: 0.1, right: 0.2, stages: ['train', 'evaluate'] }],
    overrides: [{ name: 'train.lr', left: '0.1', right: '0.2' }],
    data: [{ name: 'model.bin', left: 'a'.repeat(32), right: 'b'.repeat(32) }],
    metrics: [],
  });
  expect(shown.equalCounts).toMatchObject({ stages: 3, params: 1 });
  expect(shown.durations).toHaveLength(3);
});

test('times alone make no difference', async () => {
  const project = makeProject({ lr: 0.1 }, { lr: 0.1, evaluateMs: 9000 });
  const { stdout, status } = await callMain(['diff'], project);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^durations .*\n  evaluate/m);
});

test('a skipped stage has the results of the run that produced its outputs', async () => {
  const { cwd, home } = makeProject({ lr: 0.1 }, { lr: 0.1 });
  makeRun({
    home,
    startMs: 120_000,
    git: { branch: 'main', revision: '1'.repeat(40), isDirty: false },
    entries: (run) =>
      entries({ lr: 0.1 })(run)
        .filter((entry) => entry.type === 'span-start' && entry.kind === 'stage')
        .flatMap((entry) =>
          'name' in entry ? run.skip(entry.name, 0, { 'dvc.stage.produced_by': A }) : [],
        ),
  });
  const { stdout, status } = await callMain(['diff', '--json'], { cwd });
  const { differences } = JSON.parse(stdout) as DiffJson;
  expect(status).toBe(1);
  expect(differences.stages.map(({ name, left, right }) => [name, left, right])).toEqual([
    ['tune', 'ran', 'unchanged'],
    ['train', 'ran', 'unchanged'],
    ['evaluate', 'ran', 'unchanged'],
  ]);
  expect([differences.params, differences.metrics, differences.studies]).toEqual([[], [], []]);
});

test('a stage that failed is compared by its parameters, not by outputs that it never made', async () => {
  const { cwd, home } = makeProject({ lr: 0.1 }, { lr: 0.1 });
  makeRun({
    home,
    startMs: 120_000,
    result: 'failure',
    entries: (run) => [
      run.startStage('train', 120_000),
      run.endStage('train', 121_000, {
        result: 'failure',
        attributes: {
          'dvc.stage.outcome': 'failed',
          'dvc.stage.cmd': 'python train.py',
          'dvc.param.train': '{"lr":5,"epochs":5}',
          'hydra.overrides': ['train.lr=0.3', 'train.seed=1'],
        },
      }),
    ],
  });
  const { differences } = JSON.parse(
    (await callMain(['diff', '--json'], { cwd })).stdout,
  ) as DiffJson;
  expect(differences.params).toEqual([
    { name: 'train.lr', left: 0.1, right: 5, stages: ['train'] },
  ]);
  expect(differences.overrides).toEqual([
    { name: 'train.lr', left: '0.1', right: '0.3', stages: ['train'] },
  ]);
  expect(differences.run.map(({ name }) => name)).toEqual(['result', 'exit code']);
});

test('one run is compared with the last successful one of its pipeline before it', async () => {
  const { cwd, home } = makeProject({ lr: 0.1 }, { lr: 0.1 });
  makeRun({ home, startMs: 70_000, pipeline: 'another' });
  makeRun({ home, startMs: 80_000, result: 'failure' });
  const { stdout } = await callMain(['diff', '--json'], { cwd });
  expect((JSON.parse(stdout) as DiffJson).left.runId).toBe(B);
  const older = await callMain(['diff', B, '--json'], { cwd });
  expect((JSON.parse(older.stdout) as DiffJson).left.runId).toBe(A);
});

test('a run with stages isn’t compared with one that had none, where there is another', async () => {
  const { cwd, home } = makeProject({ lr: 0.1 }, { lr: 0.1 });
  makeRun({ home, startMs: 70_000 });
  makeRun({ home, startMs: 80_000, entries: entries({ lr: 0.3 }) });
  const { stdout } = await callMain(['diff', '--json'], { cwd });
  expect((JSON.parse(stdout) as DiffJson).left.runId).toBe(B);
});

test('where there is nothing to compare with, that is said', async () => {
  const project = makeProject({ lr: 0.1 }, { lr: 0.1 });
  const { stderr, status } = await callMain(['diff', A], project);
  expect(status).toBe(2);
  expect(stderr).toContain("no successful run of 'demo' before a1a1a1a1 to compare it with");
});

test('a run that was copied here is compared with those here', async () => {
  const { cwd, home } = makeProject({ lr: 0.1 }, { lr: 0.2 });
  const copy = join(createTemporaryDir(), 'copy');
  cpSync(join(home, 'runs', B), copy, { recursive: true });
  const { stdout, status } = await callMain(['diff', copy], { cwd });
  expect(status).toBe(1);
  expect(stdout).toMatch(/train\.lr +0\.1 +0\.2/);
  expect((await callMain(['diff', A, copy], { cwd })).stdout).toBe(stdout);
});

test('on a terminal the sides have colours', async () => {
  const project = { ...makeProject({ lr: 0.1 }, { lr: 0.2 }), columns: 100 };
  const { stdout } = await callMain(['diff'], project);
  expect(stdout).toContain('\x1b[31m0.1\x1b[39m');
  expect(stdout).toContain('\x1b[32m0.2\x1b[39m');
  expect(withoutColors(stdout)).toMatch(/train\.lr +0\.1 +0\.2/);
});
