import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test as always } from 'vitest';
import { toUnixMs, parseNanoString } from '../../../src/model/time.ts';
import { findRunDirs, readRun, stagelight } from '../../support/cli.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { findRuns, readState } from '../../support/mlflow-state.ts';
import { startMlflowServer } from '../../support/mlflow-server.ts';
import type { MlflowServer } from '../../support/mlflow-server.ts';
import { findProgram, testWith } from '../../support/peers.ts';
import { startSink } from '../../support/sink.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';
import { at, makeRun } from '../../view/support/make-run.ts';

const test = testWith('mlflow');
const LONG = { timeout: 120_000 };

let server: MlflowServer;

beforeAll(async () => {
  if (findProgram('mlflow') === undefined) return;
  server = await startMlflowServer();
}, 180_000);

afterAll(async () => server?.close());

/** A server that lets everybody in and says nothing. */
async function startSilentServer(): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const silent = createServer(() => (count += 1));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, count: () => count };
}

always(
  'a server that is silent holds up one start for 2 s, and none for 5 minutes after',
  LONG,
  async () => {
    const { url, count } = await startSilentServer();
    const project = createTemporaryDir();
    const args = ['run', 'mlflow.send=false', '--', 'echo', 'hello'];
    const env = { MLFLOW_TRACKING_URI: url };
    const first = await stagelight(project, args, { env });
    expect(first).toMatchObject({ exitCode: 0, stdout: 'hello' });
    expect(first.stderr).toContain("doesn't answer in time; the run has an ID of its own");
    const { info, lines } = readRun(project);
    const startMs = toUnixMs(parseNanoString(info.startedAt)!);
    const waitedMs = toUnixMs(lines[0]!.observed) - startMs;
    expect(waitedMs).toBeGreaterThan(1900);
    expect(waitedMs).toBeLessThan(10_000);
    const asked = count();
    expect(asked).toBeGreaterThan(0);

    const second = await stagelight(project, args, { env });
    expect(second).toMatchObject({ exitCode: 0, stdout: 'hello' });
    expect(second.stderr).not.toContain('MLflow');
    expect(count()).toBe(asked);
  },
);

always(
  'a run that MLflow has nothing of is said to be unsent, wholly, and to be missing there',
  async () => {
    const project = createTemporaryDir();
    const env = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' };
    const made = await stagelight(project, ['run', '--', 'echo', 'hello'], { env });
    expect(made.stderr).toMatch(/\d kB still to send to mlflow/);
    const pushed = await stagelight(project, ['push', '--timeout', '1'], { env });
    expect(pushed.exitCode).toBe(1);
    expect(pushed.stdout).toContain('still to send to mlflow (0 B now)');
    const verified = await stagelight(project, ['verify'], { env });
    expect(verified.exitCode).toBe(1);
    expect(verified.stdout).toContain("the run isn't there yet; to send it: stagelight push");
  },
);

const PROGRAM = `
import time, mlflow
for _ in range(2):
    with mlflow.start_run():
        mlflow.log_metric('accuracy', 0.9)
`;

test(
  'what ran while the server was away is there when it is back, with its children inside, once',
  { timeout: 240_000 },
  async () => {
    const proxy = await startFaultProxy(server.url);
    onTestFinished(() => proxy.close());
    const project = createTemporaryDir();
    writeFileSync(join(project, 'train.py'), PROGRAM);
    const run = (...more: string[]) =>
      stagelight(project, ['run', '--name', 'away', ...more, '--', 'python', 'train.py'], {
        env: { MLFLOW_TRACKING_URI: proxy.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' },
      });
    // Away at the start; back when the program needs it; away again at the end.
    let isDown = true;
    proxy.fault = ({ headers }) =>
      isDown || !String(headers['user-agent']).startsWith('mlflow') ? { status: 503 } : undefined;
    const running = run('run.flush_timeout=1');
    await waitFor(() => proxy.requests.length > 0);
    isDown = false;
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(0);
    const { info } = readRun(project);
    expect(info.mlflow).toBeUndefined();
    // Nothing points to a parent that isn't there.
    const before = await findRuns(server, info.runId);
    expect(before.map(({ tags }) => tags['mlflow.parentRunId'])).toEqual([undefined, undefined]);

    proxy.fault = () => undefined;
    const push = ['push', '--all', '--to', 'mlflow', '--timeout', '60'];
    const env = { MLFLOW_TRACKING_URI: proxy.url };
    for (let round = 0; round < 2; round += 1) {
      const pushed = await stagelight(project, push, { env });
      expect(pushed.exitCode, pushed.stderr).toBe(0);
    }
    const after = await findRuns(server, info.runId);
    const parent = after.filter(({ tags }) => tags['stagelight.kind'] === 'pipeline');
    expect(parent).toMatchObject([
      { status: 'FINISHED', tags: { 'stagelight.run_id': info.runId } },
    ]);
    const children = after.filter(({ runId }) => runId !== parent[0]!.runId);
    expect(children.map(({ tags }) => tags['mlflow.parentRunId'])).toEqual([
      parent[0]!.runId,
      parent[0]!.runId,
    ]);
    expect(findRunDirs(project)).toHaveLength(1);
  },
);

test('while a run goes on its log is there so far, and at its end all of it', LONG, async () => {
  const project = createTemporaryDir();
  const done = join(project, 'done');
  const script = `echo first; while [ ! -e '${done}' ]; do sleep 0.2; done; echo last`;
  const running = stagelight(project, ['run', 'run.flush_timeout=60', '--', 'sh', '-c', script], {
    env: { MLFLOW_TRACKING_URI: server.url },
  });
  const readLog = async () => {
    const { info } = readRun(project);
    const parent = (await server.api.getRun(info.runId))!;
    const root = parent.artifactUri.replace('mlflow-artifacts:/', '');
    const url = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${root}/logs/run.log`;
    const answer = await fetch(url);
    return { status: parent.status, log: answer.ok ? await answer.text() : '' };
  };
  await waitFor(() => existsSync(join(project, '.stagelight')));
  await waitFor(() => findRunDirs(project).length > 0);
  await expect
    .poll(readLog, { timeout: 60_000, interval: 500 })
    .toMatchObject({ status: 'RUNNING', log: expect.stringContaining('first') });
  writeFileSync(done, '');
  const { exitCode, stderr } = await running;
  expect(exitCode, stderr).toBe(0);
  const log = readFileSync(join(readRun(project).runDir, 'run.log'), 'utf8');
  expect(log).toContain('last');
  expect(await readLog()).toEqual({ status: 'FINISHED', log });
});

test('a sink that is killed again and again writes what one writes that is not', LONG, async () => {
  const proxy = await startFaultProxy(server.url);
  onTestFinished(() => proxy.close());
  const dir = createTemporaryDir();
  const runs = [makeStudyRun(), makeStudyRun()];
  let killAt = Infinity;
  let sink: ChildProcess | undefined;
  proxy.fault = (_, index) => {
    if (index === killAt) sink?.kill('SIGKILL');
    return undefined;
  };
  for (const [index, run] of runs.entries()) {
    // The first one is let alone: it is what the other is compared with.
    const kills = index === 0 ? [] : [2, 4, 7, 11, 16, 3];
    const args = ['push', '--all', '--timeout', '60'];
    for (let round = 0; round <= kills.length; round += 1) {
      const sinkDir = join(dir, `sink-${index}`);
      const started = await startSink({ dir: sinkDir, tracking: proxy.url });
      sink = started.child;
      const ended = once(sink, 'exit');
      killAt = proxy.requests.length + (kills[round] ?? Infinity);
      const env = {
        STAGELIGHT_DIR: run.runDir.replace(/\/runs\/.*/, ''),
        STAGELIGHT_OTLP_ENDPOINT: started.url,
      };
      // Killed while it takes in, too: what it hasn't answered is sent again.
      const pushed = await stagelight(dir, args, { env });
      if (round === kills.length) expect(pushed.exitCode, pushed.stderr).toBe(0);
      else await ended;
    }
    await expect
      .poll(async () => isWritten(run.info.runId), { timeout: 60_000, interval: 250 })
      .toBe(true);
    const ended = once(sink!, 'exit');
    sink!.kill();
    await ended;
  }
  const [whole, killed] = await Promise.all(
    runs.map(async ({ info }) => readState(server, info.runId)),
  );
  expect(killed).toEqual(whole);
  expect(whole!.runs).toHaveLength(5);
});

async function isWritten(runId: string): Promise<boolean> {
  const runs = await findRuns(server, runId);
  const parent = runs.find(({ tags }) => tags['stagelight.kind'] === 'pipeline');
  return parent?.status === 'FINISHED' && parent.tags['stagelight.lease'] === undefined;
}

function makeStudyRun() {
  return makeRun({
    home: createTemporaryDir(),
    entries: (run) => [
      run.startStage('tune', 100),
      run.log(150, 'line', { span: run.stageId('tune') }),
      ...run.study('search', { stage: 'tune', fromMs: 200, values: [0.5, undefined, 0.25, 0.75] }),
      run.endStage('tune', 5000, { attributes: { 'dvc.stage.outcome': 'ran' } }),
      { type: 'metric', time: at(5000), name: 'accuracy', value: 0.9, span: run.stageId('tune') },
    ],
  });
}
