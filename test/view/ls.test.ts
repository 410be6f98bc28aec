import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import type { RunJson } from '../../src/view/run-json.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { callMain, withoutColors } from './support/call-main.ts';
import { makeRun } from './support/make-run.ts';

/** Two pipelines; the newest run failed. */
function makeProject(): { cwd: string; home: string } {
  const cwd = createTemporaryDir();
  const home = join(cwd, '.stagelight');
  makeRun({
    home,
    runId: 'aa'.repeat(16),
    startMs: 0,
    endMs: 17_200,
    entries: (run) => [...run.stage('a', [0, 10]), ...run.skip('b', 20), ...run.skip('c', 30)],
  });
  makeRun({ home, runId: 'bb'.repeat(16), pipeline: 'other', startMs: 60_000, endMs: 61_000 });
  makeRun({
    home,
    runId: 'cc'.repeat(16),
    startMs: 120_000,
    endMs: 120_640,
    result: 'failure',
    entries: (run) => [
      run.startStage('a', 120_000),
      run.log(120_100, 'broken', { severity: 17 }),
      run.endStage('a', 120_500, { result: 'failure' }),
    ],
  });
  return { cwd, home };
}

test('runs are listed with the newest first', async () => {
  const { stdout, status } = await callMain(['ls'], makeProject());
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/\s+\S+ \S?B$/, ''))).toEqual(
    [
      'RUN       STARTED              PIPELINE  RESULT     TOOK    STAGES           ERR     SIZE',
      'cccccccc  2026-11-23 01:35:20  demo      ✖ failure  640 ms  1 failed           1',
      'bbbbbbbb  2026-11-23 01:34:20  other     ✔ success   1.0 s  -                  0',
      'aaaaaaaa  2026-11-23 01:33:20  demo      ✔ success  17.2 s  1 ran 2 skipped    0',
    ].map((line, index) => (index === 0 ? lines[0]!.replace(/\s+\S+ \S?B$/, '') : line)),
  );
  expect(lines[0]).toMatch(/^RUN +STARTED +PIPELINE +RESULT +TOOK +STAGES +ERR +SIZE$/);
});

test.each([
  [
    ['--pipeline', 'demo'],
    ['cc', 'aa'],
  ],
  [
    ['--result', 'success'],
    ['bb', 'aa'],
  ],
  [['--result', 'failure,running'], ['cc']],
  [['-n', '1'], ['cc']],
  [
    ['--limit', '0'],
    ['cc', 'bb', 'aa'],
  ],
  [['--result', 'interrupted'], []],
])('ls %j', async (args, starts) => {
  const project = makeProject();
  const { stdout } = await callMain(['ls', ...args, '--json'], project);
  expect((JSON.parse(stdout) as RunJson[]).map(({ runId }) => runId.slice(0, 2))).toEqual(starts);
  const text = (await callMain(['ls', ...args], project)).stdout;
  for (const start of ['aa', 'bb', 'cc']) {
    expect(text.includes(start.repeat(4))).toBe(starts.includes(start));
  }
});

test('what is left out is said, and how to see it', async () => {
  const { stdout } = await callMain(['ls', '-n', '1'], makeProject());
  expect(stdout).toContain('2 earlier runs: stagelight ls -n 0\n');
});

test('the JSON of a run', async () => {
  const { cwd, home } = makeProject();
  const { stdout } = await callMain(['ls', '--json', '-n', '1'], { cwd });
  const [run] = JSON.parse(stdout) as (RunJson & { sizeBytes: number })[];
  expect(run).toEqual({
    runId: 'cc'.repeat(16),
    traceId: 'cc'.repeat(16),
    pipeline: 'demo',
    state: 'finished',
    result: 'failure',
    exitCode: 1,
    kind: 'full',
    startedAt: '2026-11-23T01:35:20.000Z',
    startUnixNano: '1795397720000000000',
    endedAt: '2026-11-23T01:35:20.640Z',
    endUnixNano: '1795397720640000000',
    durationMs: 640,
    command: ['dvc', 'repro'],
    cwd: home,
    counts: expect.objectContaining({ errors: 1, stages: { failure: 1 } }),
    runDir: join(home, 'runs', 'cc'.repeat(16)),
    sizeBytes: expect.any(Number),
  });
});

test('runs are found from any folder of the project', async () => {
  const { cwd } = makeProject();
  const deep = join(cwd, 'src', 'deep');
  mkdirSync(deep, { recursive: true });
  expect((await callMain(['ls'], { cwd: deep })).stdout).toContain('cccccccc');
});

test('a place without runs says how to make one', async () => {
  const cwd = createTemporaryDir();
  const { stdout, status } = await callMain(['ls'], { cwd });
  expect(status).toBe(0);
  expect(stdout).toBe(
    `No runs yet in ${join(cwd, '.stagelight')}: record one with: stagelight run -- dvc repro\n`,
  );
  expect((await callMain(['ls', '--json'], { cwd })).stdout).toBe('[]\n');
});

test.each([
  [['--result', 'sucess'], "no result 'sucess'; did you mean 'success'?"],
  [['--pipeline', 'deom'], "no runs of a pipeline 'deom'; did you mean 'demo'?"],
  [['--limit', 'many'], "--limit isn't a number: many"],
])('a mistake in %j gets a suggestion', async (args, message) => {
  const { stderr, status } = await callMain(['ls', ...args], makeProject());
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

test.each([60, 80, 120])('no line is wider than a terminal of %i columns', async (columns) => {
  const { cwd, home } = makeProject();
  makeRun({ home, pipeline: `a pipeline with a long name ${'日本語'.repeat(10)}`, startMs: 1e6 });
  const { stdout } = await callMain(['ls'], { cwd, columns });
  for (const line of stdout.split('\n')) {
    expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(columns, 78));
  }
});

test('a terminal gets colours, unless NO_COLOR is set', async () => {
  const { cwd } = makeProject();
  const colored = await callMain(['ls'], { cwd, columns: 200 });
  expect(colored.stdout).toContain('\x1b[31m✖\x1b[39m');
  const plain = await callMain(['ls'], { cwd, columns: 200, env: { NO_COLOR: '1' } });
  expect(plain.stdout).toBe(withoutColors(colored.stdout));
});

test('what isn’t a run is passed over', async () => {
  const { cwd, home } = makeProject();
  mkdirSync(join(home, 'runs', 'dd'.repeat(16)));
  mkdirSync(join(home, 'runs', 'notes'));
  const { stdout, status } = await callMain(['ls'], { cwd });
  expect(status).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(4);
});

test('a folder of runs that can’t be read isn’t taken for one without runs', async () => {
  const cwd = createTemporaryDir();
  writeFileSync(join(cwd, '.stagelight'), 'a file');
  for (const command of ['ls', 'show']) {
    const { stderr, status } = await callMain([command], { cwd });
    expect(stderr).toMatch(/^stagelight: the runs can't be read: ENOTDIR/);
    expect(stderr).toContain('STAGELIGHT_DIR');
    expect(status).toBe(2);
  }
});
