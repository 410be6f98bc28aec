import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLI, readRun, stagelight, toPrinted } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const STAGELIGHT = `${process.execPath} ${CLI}`;

test('stages of a Makefile are spans of the run around them, each with its own lines', async () => {
  const cwd = createTemporaryDir();
  writeFileSync(
    join(cwd, 'Makefile'),
    [
      'all: a b',
      'a:',
      '\t@echo making a',
      `\t@${STAGELIGHT} stage a -- sh -c 'echo from a; echo error of a >&2'`,
      'b: a',
      `\t@${STAGELIGHT} stage b -- sh -c 'echo from b; exit 3'`,
    ].join('\n'),
  );
  const result = await stagelight(cwd, ['run', '-q', '--', 'make']);
  expect(result.exitCode).toBe(2);
  const run = readRun(cwd);
  const stages = run.spans.filter(
    ({ attributes }) => attributes['cicd.pipeline.task.name'] !== undefined,
  );
  expect(
    stages.map(({ name, attributes }) => [
      name,
      attributes['cicd.pipeline.task.run.result'],
      attributes['error.type'],
    ]),
  ).toEqual([
    ['a', 'success', undefined],
    ['b', 'failure', '3'],
  ]);
  const [root] = run.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(stages.every(({ parentSpanId }) => parentSpanId === root?.spanId)).toBe(true);
  const placed = run.lines.map(({ body, attributes }) => [
    attributes['cicd.pipeline.task.name'],
    body,
  ]);
  expect(placed).toContainEqual(['a', 'from a']);
  expect(placed).toContainEqual(['a', 'error of a']);
  expect(placed).toContainEqual(['b', 'from b']);
  expect(placed).toContainEqual([undefined, 'making a']);
});

test('what an inner stage prints is recorded once, however often it prints the same', async () => {
  const cwd = createTemporaryDir();
  const inner = `${STAGELIGHT} stage inner -- sh -c 'echo same; echo same; printf end'`;
  const result = await stagelight(cwd, [
    'run',
    '-q',
    '--',
    'sh',
    '-c',
    `echo same; ${inner}; echo " of it"; echo same`,
  ]);
  expect(result.stdout).toBe('same\nsame\nsame\nend of it\nsame');
  const lines = readRun(cwd).lines.map(
    ({ body, attributes }) => `${String(attributes['cicd.pipeline.task.name'] ?? '-')}: ${body}`,
  );
  expect(lines.toSorted()).toEqual([
    '-:  of it',
    '-: same',
    '-: same',
    'inner: end',
    'inner: same',
    'inner: same',
  ]);
});

test('parallel stages keep their lines apart', async () => {
  const cwd = createTemporaryDir();
  const stage = (name: string): string =>
    `${STAGELIGHT} stage ${name} -- sh -c 'for i in $(seq 200); do echo ${name} $i; done'`;
  const result = await stagelight(cwd, [
    'run',
    '-q',
    '--',
    'sh',
    '-c',
    `${stage('a')} & ${stage('b')} & ${stage('c')} & wait`,
  ]);
  const run = readRun(cwd);
  for (const name of ['a', 'b', 'c']) {
    const own = run.lines.filter(
      ({ attributes }) => attributes['cicd.pipeline.task.name'] === name,
    );
    expect(own.map(({ body }) => body)).toEqual(
      Array.from({ length: 200 }, (_, index) => `${name} ${index + 1}`),
    );
  }
  expect(toPrinted(run).toSorted()).toEqual(result.stdout.split('\n').toSorted());
});

test('a stage whose output goes to a file is recorded all the same', async () => {
  const cwd = createTemporaryDir();
  await stagelight(cwd, [
    'run',
    '-q',
    '--',
    'sh',
    '-c',
    `${STAGELIGHT} stage quiet -- echo to the file > out.txt`,
  ]);
  expect(readFileSync(join(cwd, 'out.txt'), 'utf8')).toBe('to the file\n');
  expect(readRun(cwd).lines).toMatchObject([
    { body: 'to the file', attributes: { 'cicd.pipeline.task.name': 'quiet' } },
  ]);
});

test('a stage alone is a run of one stage', async () => {
  const cwd = createTemporaryDir();
  const result = await stagelight(cwd, [
    'stage',
    'train',
    '--',
    'sh',
    '-c',
    'echo training; exit 4',
  ]);
  expect(result.exitCode).toBe(4);
  const run = readRun(cwd);
  expect(run.info).toMatchObject({
    state: 'finished',
    result: 'failure',
    exitCode: 4,
    counts: { stages: { failure: 1 } },
  });
  expect(run.spans.map(({ name }) => name)).toEqual(['train', `RUN ${run.info.pipeline}`]);
  expect(run.lines).toMatchObject([
    { body: 'training', attributes: { 'cicd.pipeline.task.name': 'train' } },
  ]);
});

test('the same stage twice is two spans', async () => {
  const cwd = createTemporaryDir();
  const stage = `${STAGELIGHT} stage again -- echo`;
  await stagelight(cwd, ['run', '-q', '--', 'sh', '-c', `${stage} one; ${stage} two`]);
  const run = readRun(cwd);
  const spans = run.spans.filter(({ name }) => name === 'again');
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(2);
  expect(run.lines.map(({ body, spanId }) => [body, spanId])).toEqual([
    ['one', spans[0]!.spanId],
    ['two', spans[1]!.spanId],
  ]);
});

test('a run inside a run is a span of it and has no directory of its own', async () => {
  const cwd = createTemporaryDir();
  const inner = createTemporaryDir();
  await stagelight(cwd, [
    'run',
    '-q',
    '--',
    'sh',
    '-c',
    `cd ${inner} && ${STAGELIGHT} run --name nightly -- echo inside`,
  ]);
  expect(existsSync(join(inner, '.stagelight'))).toBe(false);
  const run = readRun(cwd);
  expect(run.spans.map(({ name }) => name)).toEqual(['nightly', `RUN ${run.info.pipeline}`]);
  expect(run.lines).toMatchObject([{ body: 'inside', spanId: run.spans[0]!.spanId }]);
});

test('a run that has ended takes nothing in: its variables lead to a run of its own', async () => {
  const cwd = createTemporaryDir();
  await stagelight(cwd, ['run', '-q', '--', 'true']);
  const { runDir, info } = readRun(cwd);
  await stagelight(cwd, ['run', '-q', '--', 'echo', 'later'], {
    env: {
      STAGELIGHT_RUN_DIR: runDir,
      STAGELIGHT_RUN_ID: info.runId,
      TRACEPARENT: `00-${info.traceId}-${info.rootSpanId}-01`,
    },
  });
  const later = readRun(cwd);
  expect(later.info.runId).not.toBe(info.runId);
  expect(later.spans[0]?.links).toMatchObject([{ traceId: info.traceId, spanId: info.rootSpanId }]);
});

test('--join makes the run a part of the trace around it', async () => {
  const cwd = createTemporaryDir();
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await stagelight(cwd, ['run', '-q', '--join', '--', 'sh', '-c', 'echo $TRACEPARENT'], {
    env: { TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01` },
  });
  const run = readRun(cwd);
  expect(run.info.runId).not.toBe(traceId);
  expect(run.spans).toMatchObject([{ traceId, parentSpanId: 'b7ad6b7169203331' }]);
  expect(run.records.every((record) => record.traceId === traceId)).toBe(true);
  expect(run.lines[0]?.body).toBe(`00-${traceId}-${run.info.rootSpanId}-01`);
});
