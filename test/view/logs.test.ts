import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { InboxEntry } from '../../src/model/inbox.ts';
import type { RecordJson } from '../../src/view/records/record-json.ts';
import { CLI, createEnv, findRunDirs, stagelight } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';
import { callMain, withoutColors } from './support/call-main.ts';
import { makeRun } from './support/make-run.ts';
import type { EntryMaker, MakeRunOptions } from './support/make-run.ts';

const ALL = (run: EntryMaker): InboxEntry[] => [
  run.startStage('train', 0),
  run.log(100, 'loaded 569 rows', { span: run.stageId('train') }),
  run.log(200, 'a bare line', { severity: 0, span: run.stageId('train') }),
  run.log(300, 'skewed column', {
    severity: 13,
    severityText: 'WARNING',
    span: run.stageId('train'),
  }),
  run.log(400, 'training failed', {
    severity: 17,
    span: run.stageId('train'),
    attributes: {
      'exception.type': 'ValueError',
      'exception.stacktrace': 'Traceback:\nValueError: bad',
    },
  }),
  run.metric(450, ['loss', 0.5], 'train'),
  run.endStage('train', 500),
  run.log(600, 'debugging', { severity: 5 }),
];

function makeProject(options: Partial<MakeRunOptions> = {}): { cwd: string; runDir: string } {
  const cwd = createTemporaryDir();
  const { runDir } = makeRun({ home: join(cwd, '.stagelight'), entries: ALL, ...options });
  return { cwd, runDir };
}

const readText = (runDir: string): string => readFileSync(join(runDir, 'run.log'), 'utf8');

test('without a filter it is run.log, byte for byte', async () => {
  const { cwd, runDir } = makeProject();
  const { stdout, status } = await callMain(['logs'], { cwd });
  expect(status).toBe(0);
  expect(stdout).toBe(readText(runDir));
  expect(stdout).toContain('2026-11-23 01:33:20,300 WARNING  train: skewed column\n');
  expect(stdout).toContain('ERROR    train: training failed\nTraceback:\nValueError: bad\n');
});

test.each([
  ['on a terminal', { columns: 100 }],
  ['without a run.log', {}],
])('made of the records, %s, it is the same text', async (_title, how) => {
  const { cwd, runDir } = makeProject();
  const text = readText(runDir);
  if (!('columns' in how)) rmSync(join(runDir, 'run.log'));
  const { stdout } = await callMain(['logs'], { cwd, ...how });
  expect(withoutColors(stdout)).toBe(text);
});

test('the run’s own format and lowest level are kept', async () => {
  const logging = { format: '%(levelname)s|%(message)s', minimumSeverity: 13 };
  const { cwd, runDir } = makeProject({ logging });
  rmSync(join(runDir, 'run.log'));
  const { stdout } = await callMain(['logs', '--stage', 'train'], { cwd });
  expect(stdout).toBe(
    '-|a bare line\nWARNING|skewed column\nERROR|training failed\nTraceback:\nValueError: bad\n',
  );
  // Asked for, a lower level is shown.
  expect((await callMain(['logs', '--level', 'debug'], { cwd })).stdout).toContain(
    'DEBUG|debugging',
  );
});

test.each([
  [
    ['--level', 'warning'],
    ['skewed column', 'training failed'],
  ],
  [['--level', '40'], ['training failed']],
  [['--grep', 'ValueError'], ['training failed']],
  [['--grep', 'COLUMN'], []],
  [
    ['--grep', '^(a bare|debug)'],
    ['a bare line', 'debugging'],
  ],
  [['--since', '2026-11-23T01:33:20.350Z', '--level', 'info'], ['training failed']],
  [['--stage', 'tr*', '--level', 'info', '--grep', 'rows'], ['loaded 569 rows']],
])('logs %j', async (args, bodies) => {
  const { cwd } = makeProject();
  const { stdout } = await callMain(['logs', ...args, '--json'], { cwd });
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(lines.map((line) => (JSON.parse(line) as RecordJson).body)).toEqual(bodies);
});

test('records of a trial', async () => {
  const { cwd } = makeProject({
    entries: (run) => [
      run.startStage('tune', 0),
      ...run.study('s', { stage: 'tune', fromMs: 0, values: [1, 2] }),
      run.endStage('tune', 100),
    ],
  });
  const { stdout } = await callMain(['logs', '--trial', '1', '--json'], { cwd });
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordJson);
  expect(records).toMatchObject([{ eventName: 'mlops.trial.start', trial: 1 }]);
});

test('the JSON of a record', async () => {
  const { cwd } = makeProject();
  const { stdout } = await callMain(['logs', '--json', '--grep', 'training failed'], { cwd });
  expect(JSON.parse(stdout)).toEqual({
    time: '2026-11-23T01:33:20.400Z',
    timeUnixNano: '1795397600400000000',
    level: 'ERROR',
    severityNumber: 17,
    severityText: 'INFO',
    logger: 'app',
    stage: 'train',
    body: 'training failed',
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    attributes: {
      'log.record.uid': expect.any(String),
      'exception.type': 'ValueError',
      'exception.stacktrace': 'Traceback:\nValueError: bad',
      'cicd.pipeline.task.name': 'train',
    },
  });
});

test.each([
  [['--stage', 'trian'], "no stage 'trian' in run", "did you mean 'train'?"],
  [['--level', 'eror'], "no level 'eror'; did you mean 'error'?", 'levels are: trace,'],
  [['--grep', '['], "--grep isn't a regular expression", 'a backslash takes'],
  [['--since', 'yesterday'], "--since isn't a time: yesterday", 'for example 10m'],
  [['--trial', 'best'], "--trial isn't a trial's number: best", ''],
  [['--lvel', 'error'], "unknown option '--lvel'", 'Did you mean --level?'],
])('a mistake in %j is told with what helps', async (args, message, hint) => {
  const { stderr, stdout, status } = await callMain(['logs', ...args], makeProject());
  expect([status, stdout]).toEqual([args[0] === '--lvel' ? status : 2, '']);
  expect(status).not.toBe(0);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test('nothing that matches is said on stderr, with the reason where there is one', async () => {
  const project = makeProject();
  const none = await callMain(['logs', '--grep', 'xyz'], project);
  expect([none.status, none.stdout, none.stderr]).toEqual([
    0,
    '',
    'stagelight: no records match\n',
  ]);
  const late = await callMain(['logs', '--since', '1m'], project);
  expect(late.stderr).toBe('stagelight: no records match: the run ended at 2026-11-23 01:33:30\n');
});

test('control characters come as they are only when piped and asked for', async () => {
  const { cwd, runDir } = makeProject({ entries: (run) => [run.log(1, 'a\x1b[2Jb\rc')] });
  const piped = await callMain(['logs'], { cwd });
  expect(piped.stdout).toContain('a\\x1b[2Jb\\rc');
  const raw = await callMain(['logs', '--raw'], { cwd });
  expect(raw.stdout).toBe(readText(runDir));
  const terminal = await callMain(['logs', '--raw'], { cwd, columns: 80 });
  expect(terminal.stdout).toContain('a\\x1b[2Jb\\rc');
});

test('a torn last line, a blank one and foreign JSON are no trouble', async () => {
  const { cwd, runDir } = makeProject();
  const foreign = {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                severityNumber: 21,
                timeUnixNano: '1795397601000000000',
                body: { stringValue: 'theirs' },
              },
            ],
          },
        ],
      },
    ],
  };
  appendFileSync(
    join(runDir, 'logs.jsonl'),
    `\n{"a":1}\n[]\n${JSON.stringify(foreign)}\n{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"sev`,
  );
  const { stdout, status } = await callMain(['logs', '--level', 'error'], { cwd });
  expect(status).toBe(0);
  expect(stdout).toContain('training failed');
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('2026-11-23 01:33:21,000 CRITICAL -: theirs');
});

test('a message of a hundred kilobytes comes whole', async () => {
  const body = `${'x'.repeat(100_000)} end`;
  const { cwd } = makeProject({ entries: (run) => [run.log(1, body)] });
  const { stdout } = await callMain(['logs', '--grep', ' end$'], { cwd });
  expect(stdout).toBe(`2026-11-23 01:33:20,001 INFO     -: ${body}\n`);
});

/** A command that prints a line, waits until it is told to go on, and prints another. */
const WAITING = `
const fs = require('node:fs');
console.log('first');
const timer = setInterval(() => {
  if (!fs.existsSync('go-on')) return;
  clearInterval(timer);
  console.log('last');
}, 10);
`;

test('--follow shows what comes and ends with the run', async () => {
  const cwd = createTemporaryDir();
  writeFileSync(join(cwd, 'waiting.cjs'), WAITING);
  const running = stagelight(cwd, ['run', '--', 'node', 'waiting.cjs']);
  await waitFor(() => readTextIfThere(cwd).includes('started'));
  for (const args of [['--json'], []]) {
    const follower = execa(process.execPath, [CLI, 'logs', '--follow', ...args], {
      cwd,
      env: createEnv(),
      extendEnv: false,
    });
    let seen = '';
    follower.stdout.on('data', (chunk) => (seen += String(chunk)));
    await waitFor(() => seen.includes('first'));
    expect(seen).not.toContain('last');
    if (args.length > 0) {
      follower.kill();
      await follower.catch(() => undefined);
      continue;
    }
    writeFileSync(join(cwd, 'go-on'), '');
    await running;
    expect((await follower).exitCode).toBe(0);
    expect(seen).toBe(readText(findRunDirs(cwd)[0]!));
    expect(seen).toMatch(/first\n.*last\n.*run ended: success\n$/);
  }
});

test('--follow of a run that is killed ends, with all that the run had printed', async () => {
  const cwd = createTemporaryDir();
  writeFileSync(join(cwd, 'waiting.cjs'), WAITING);
  const running = stagelight(cwd, ['run', '--', 'node', 'waiting.cjs']);
  await waitFor(() => readTextIfThere(cwd).includes('first'));
  const follower = stagelight(cwd, ['logs', '-f', '--grep', 'first|last']);
  running.kill('SIGKILL');
  await running;
  const { stdout, exitCode } = await follower;
  writeFileSync(join(cwd, 'go-on'), '');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/: first$/);
  expect((await stagelight(cwd, ['show'])).stdout).toContain('interrupted after');
});

function readTextIfThere(cwd: string): string {
  const runs = join(cwd, '.stagelight', 'runs');
  const [runDir] = existsSync(runs) ? findRunDirs(cwd) : [];
  return runDir !== undefined && existsSync(join(runDir, 'run.log')) ? readText(runDir) : '';
}

test('when nobody reads any more it ends without a word', async () => {
  const { cwd } = makeProject({
    entries: (run) => Array.from({ length: 20_000 }, (_, n) => run.log(n, `line ${n}`)),
  });
  for (const args of ['', '--json', '--level info']) {
    const { stdout, stderr } = await execa(
      'sh',
      ['-c', `"${process.execPath}" "${CLI}" logs ${args} | head -1`],
      { cwd, env: createEnv(), extendEnv: false },
    );
    expect(stdout.split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  }
});
