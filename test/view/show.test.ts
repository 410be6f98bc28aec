import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import type { InboxEntry } from '../../src/model/inbox.ts';
import type { ShowJson } from '../../src/view/show/show-json.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { callMain, withoutColors } from './support/call-main.ts';
import { makeRun } from './support/make-run.ts';
import type { EntryMaker, MakeRunOptions } from './support/make-run.ts';

const PRODUCER = 'ab'.repeat(16);

/** A run with all there is to see. */
const ALL = (run: EntryMaker): InboxEntry[] => [
  ...run.skip('ingest', 0, { 'dvc.stage.produced_by': PRODUCER }),
  ...run.skip('split', 0, { 'dvc.stage.produced_by': 'produced elsewhere (md5 b96311b8)' }),
  run.startStage('tune', 0),
  ...run.study('search', { stage: 'tune', fromMs: 100, values: [0.5, undefined, 0.75] }),
  run.endStage('tune', 5000, {
    attributes: {
      'dvc.stage.outcome': 'ran',
      'dvc.stage.changed': ['cmd', 'param:lr', 'dep:a.py'],
    },
  }),
  run.startStage('evaluate', 5000),
  run.metric(8000, ['acc', 0.956521], 'evaluate'),
  run.metric(8000, ['f1', 0.9], 'evaluate'),
  run.endStage('evaluate', 9000, { attributes: { 'dvc.stage.outcome': 'ran' } }),
  run.startStage('report', 9000),
  run.log(9400, 'Error in report', {
    severity: 17,
    span: run.stageId('report'),
    attributes: {
      'exception.type': 'ValueError',
      'exception.message': 'no data',
      'exception.stacktrace':
        'Traceback (most recent call last):\n  File "report.py", line 3\nValueError: no data',
    },
  }),
  run.endStage('report', 9500, {
    result: 'failure',
    errorType: 'ValueError',
    errorMessage: 'no data',
  }),
];

function makeProject(options: Partial<MakeRunOptions> = {}): {
  cwd: string;
  home: string;
  runDir: string;
} {
  const cwd = createTemporaryDir();
  const home = join(cwd, '.stagelight');
  const { runDir } = makeRun({
    home,
    runId: 'cd'.repeat(16),
    entries: ALL,
    result: 'failure',
    git: { branch: 'main', revision: 'bc0711e'.padEnd(40, '0'), isDirty: true },
    ...options,
  });
  return { cwd, home, runDir };
}

test('a run, piped', async () => {
  const { stdout, status } = await callMain(['show'], makeProject());
  expect(status).toBe(0);
  expect(`\n${stdout}`).toBe(`
✖ demo · failure after 10.0 s · partial

  run      ${'cd'.repeat(16)}
  command  dvc repro
  started  2026-11-23 01:33:20, ended 01:33:30
  git      main@bc0711e, dirty

                            0                                 10.0 s
  ○ ingest                  ·                                         unchanged, produced by run abababab
  ○ split                   ·                                         unchanged, produced elsewhere (md5 b96311b8)
  ✔ tune             5.0 s  ████████████████████                      changed: command, param lr, a.py
  └ · study search    3 ms  ▌                                         3 trials, 1 pruned
    ├ ✔ trial 0       1 ms  ▌                                         0.5  lr=0.1
    ├ · trial 1       1 ms  ▌                                         pruned  lr=0.05
    └ ✔ trial 2 ★     1 ms  ▌                                         0.75  lr=0.03333
  ✔ evaluate         4.0 s                      ████████████████
    acc 0.9565 · f1 0.9
  ✖ report          500 ms                                      ██    ValueError: no data

First error in report
  Error in report
  Traceback (most recent call last):
    File "report.py", line 3
  ValueError: no data

${countRecords()} records · 0 warnings · 1 error · 3 trials · 0 secrets masked
  stagelight logs cdcdcdcd --level error   1 error
  stagelight logs cdcdcdcd --stage report  all that it printed
`);
});

/** Run start and end, five stage starts, three trial starts, two metrics and the error. */
function countRecords(): number {
  return 2 + 5 + 3 + 2 + 1;
}

test('plain characters where the locale has no others', async () => {
  const { stdout } = await callMain(['show'], { ...makeProject(), env: { LC_ALL: 'C' } });
  expect(stdout).toContain('x demo, failure after 10.0 s');
  expect(stdout).toContain('  + tune              5.0 s  ====================');
  expect(stdout).toContain('     `- + trial 2 *');
  expect(stdout).toMatch(/^[\x0a\x20-\x7e]*$/);
});

test.each([80, 132])('no line is wider than a terminal of %i columns', async (columns) => {
  const long = 'a name that is far too long for any terminal '.repeat(5).trim();
  const project = makeProject({
    entries: (run) => [
      ...ALL(run),
      ...run.stage(long, [9500, 9600], { 'dvc.stage.changed': [`param:${long}`] }),
      run.log(9700, long, {
        severity: 17,
        attributes: { 'exception.stacktrace': `${long}\n日本語`.repeat(60) },
      }),
    ],
  });
  const { stdout } = await callMain(['show'], { ...project, columns });
  for (const line of withoutColors(stdout).split('\n')) {
    expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  }
});

test('trials of a long study are listed when they are asked for', async () => {
  const project = makeProject({
    entries: (run) => [
      run.startStage('tune', 0),
      ...run.study('s', {
        stage: 'tune',
        fromMs: 0,
        values: Array.from({ length: 13 }, (_, n) => n / 10),
      }),
      run.endStage('tune', 5000),
    ],
  });
  const short = await callMain(['show'], project);
  expect(short.stdout).not.toContain('trial 3');
  expect(short.stdout).toContain('best trial 12: 1.2  lr=0.007692');
  expect(short.stdout).toContain('stagelight show cdcdcdcd --trials');
  const long = await callMain(['show', '--trials'], project);
  expect(long.stdout).toContain('trial 12 ★');
  expect(long.stdout).not.toContain('--trials');
});

test('a traceback of hundreds of frames is shown without its middle', async () => {
  const frames = Array.from({ length: 500 }, (_, n) => `  File "a.py", line ${n}`);
  const project = makeProject({
    entries: (run) => [
      run.log(1, 'deep', {
        severity: 17,
        attributes: { 'exception.stacktrace': frames.join('\n') },
      }),
    ],
  });
  const { stdout } = await callMain(['show'], project);
  expect(stdout).toContain('… 465 lines\n');
  expect(stdout).toContain('line 499\n');
});

test('the JSON has everything that the text has', async () => {
  const { stdout } = await callMain(['show', '--json'], makeProject());
  const shown = JSON.parse(stdout) as ShowJson;
  expect(shown.run).toMatchObject({ result: 'failure', git: { branch: 'main', isDirty: true } });
  expect(shown.levels).toMatchObject({ none: 12, error: 1 });
  expect(shown.firstError).toMatchObject({ stage: 'report', body: 'Error in report' });
  expect(shown.nodes.map(({ kind, name, result }) => [kind, name, result])).toEqual([
    ['stage', 'ingest', 'skip'],
    ['stage', 'split', 'skip'],
    ['stage', 'tune', 'success'],
    ['stage', 'evaluate', 'success'],
    ['stage', 'report', 'failure'],
  ]);
  const [ingest, split, tune, evaluate, report] = shown.nodes;
  expect(ingest!.stage).toEqual({
    outcome: 'unchanged',
    skipReason: "didn't change",
    producedByRunId: PRODUCER,
  });
  expect(split!.stage).toMatchObject({ producedBy: 'produced elsewhere (md5 b96311b8)' });
  expect(tune!.stage).toEqual({ outcome: 'ran', changed: ['cmd', 'param:lr', 'dep:a.py'] });
  const study = tune!.children![0]!;
  expect(study.study).toEqual({
    name: 'search',
    trialCount: 3,
    states: { COMPLETE: 2, PRUNED: 1 },
    best: { number: 2, state: 'COMPLETE', values: [0.75], params: { lr: 0.1 / 3 } },
  });
  expect(study.children!.map(({ trial }) => trial!.number)).toEqual([0, 1, 2]);
  expect(evaluate).toMatchObject({
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    startedAt: '2026-11-23T01:33:25.000Z',
    startUnixNano: '1795397605000000000',
    endedAt: '2026-11-23T01:33:29.000Z',
    durationMs: 4000,
    metrics: [
      { name: 'acc', value: 0.956521, count: 1 },
      { name: 'f1', value: 0.9, count: 1 },
    ],
  });
  expect(report!.error).toEqual({ type: 'ValueError', message: 'no data' });
});

test('numbers that JSON hasn’t are strings', async () => {
  const project = makeProject({
    entries: (run) => [
      run.startStage('a', 0),
      run.metric(1, ['loss', NaN], 'a'),
      run.endStage('a', 2),
    ],
  });
  const shown = JSON.parse((await callMain(['show', '--json'], project)).stdout) as ShowJson;
  expect(shown.nodes[0]!.metrics).toEqual([{ name: 'loss', value: 'NaN', count: 1 }]);
});

test('a run whose process was killed is interrupted, with all its stages', async () => {
  const project = makeProject({
    isAbandoned: true,
    entries: (run) => [...run.stage('a', [0, 100]), run.startStage('b', 100), run.log(150, 'last')],
  });
  const { stdout } = await callMain(['show'], project);
  expect(stdout).toContain('⊗ demo · interrupted after 150 ms');
  expect(stdout).toMatch(/✔ a .*\n.*⊗ b /);
  const shown = JSON.parse((await callMain(['show', '--json'], project)).stdout) as ShowJson;
  expect(shown.run).toMatchObject({ state: 'interrupted', result: 'interrupted' });
  expect(shown.nodes.map(({ name, result }) => [name, result])).toEqual([
    ['a', 'success'],
    ['b', 'interrupted'],
  ]);
  const listed = await callMain(['ls'], project);
  expect(listed.stdout).toContain('⊗ interrupted');
  expect(listed.stdout).toContain('1 ran 1 interrupted');
});

const HOSTILE = '\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202eevil';

test.each([undefined, 100])(
  'no control character reaches the output (columns: %j)',
  async (columns) => {
    const project = makeProject({
      pipeline: HOSTILE,
      git: { branch: HOSTILE },
      entries: (run) => [
        run.startStage(HOSTILE, 0),
        ...run.study(HOSTILE, { stage: HOSTILE, fromMs: 1, values: [0.5] }),
        { ...run.metric(5, [HOSTILE, 1], HOSTILE) },
        run.log(6, HOSTILE, { severity: 17, attributes: { 'exception.stacktrace': HOSTILE } }),
        run.endStage(HOSTILE, 7, { result: 'failure', errorType: HOSTILE, errorMessage: HOSTILE }),
      ],
    });
    for (const args of [
      ['show'],
      ['show', '--json'],
      ['ls'],
      ['ls', '--json'],
      ['logs'],
      ['logs', '--json'],
      ['logs', '--raw', '--level', 'info'],
      ['show', HOSTILE],
    ]) {
      const { stdout, stderr } = await callMain(args, { ...project, ...(columns && { columns }) });
      const isRaw = args.includes('--raw') && columns === undefined;
      if (!isRaw) expect(withoutColors(stdout)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
      expect(withoutColors(stderr)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  },
);

test('a run.json from elsewhere that lies about its types does no harm', async () => {
  const project = makeProject();
  const path = join(project.runDir, 'run.json');
  const info = JSON.parse(readFileSync(path, 'utf8')) as object;
  const lies = {
    result: '\x1b[2J',
    errorType: '\x1b[2J',
    kind: '\x1b[2J',
    counts: { trials: '\x1b[2J9', masked: '\x1b[2J' },
  };
  writeFileSync(path, JSON.stringify({ ...info, ...lies }));
  const { stdout, status } = await callMain(['show'], { ...project, columns: 100 });
  expect(status).toBe(0);
  expect(stdout).not.toContain('\x1b[2J');
});

test.each([
  [['show', 'latset'], "no run 'latset'; did you mean 'latest'?"],
  [['show', '@5'], "no run '@5'; did you mean '@0'?"],
  [['logs', 'demo'], "no run 'demo'; did you mean 'cdcdcdcd'?"],
  [['diff', 'ffff'], "no run 'ffff'"],
])('%j: the newest runs are shown', async (args, message) => {
  const { stderr, stdout, status } = await callMain(args, makeProject());
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr).toContain('the newest of 1 runs:');
  expect(stderr).toContain('cdcdcdcd');
});

test('an ID that begins several runs asks for more of it', async () => {
  const { cwd, home } = makeProject();
  makeRun({ home, runId: 'cdcdcdcdff'.padEnd(32, '0'), startMs: 60_000 });
  const { stderr, status } = await callMain(['show', 'cd'], { cwd });
  expect(status).toBe(2);
  expect(stderr).toContain("2 runs begin with 'cd'; give more of the ID");
  expect(stderr).toContain('cdcdcdcdff00');
});

test('without any run there is a hint', async () => {
  const { stderr, status } = await callMain(['show'], { cwd: createTemporaryDir() });
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^stagelight: no runs in .*\n  record one with: stagelight run -- dvc repro\n$/,
  );
});
