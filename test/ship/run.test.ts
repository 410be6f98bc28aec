import { expect, test } from 'vitest';
import { createProgram, runAlone } from '../api/program.ts';
import { CLI, readRun, stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { createTemporaryDir } from '../support/temporary.ts';

function toUids(project: string, index = 0): unknown[] {
  return readRun(project, index).records.map(({ attributes }) => attributes['log.record.uid']);
}

test('a run is at the backend when it has ended, and the line at the end says so', async () => {
  const server = await OtlpServer.start();
  const project = createTemporaryDir();
  const { stderr } = await stagelight(project, ['run', '--', 'sh', '-c', 'echo one; echo two'], {
    env: { STAGELIGHT_OTLP_ENDPOINT: server.url },
  });
  expect(stderr).toContain('sent to otlp');
  expect(server.uids).toEqual(toUids(project));
  expect(server.spanIds).toEqual(readRun(project).spans.map(({ spanId }) => spanId));
});

test('with a dead backend the run is kept, and push sends it', async () => {
  const server = await OtlpServer.start();
  const env = { STAGELIGHT_OTLP_ENDPOINT: server.url };
  await server.stop();
  const project = createTemporaryDir();
  const { stderr, exitCode } = await stagelight(project, ['run', '--', 'echo', 'one'], { env });
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/kB still to send to otlp/);
  const revived = await OtlpServer.start(Number(new URL(env.STAGELIGHT_OTLP_ENDPOINT).port));
  const pushed = await stagelight(project, ['push'], { env });
  expect(pushed.stdout).toContain('sent to otlp');
  expect(pushed.exitCode).toBe(0);
  expect(revived.uids).toEqual(toUids(project));
  expect((await stagelight(project, ['push'], { env })).stdout).toBe('nothing to send to otlp');
});

test('the next run takes along what older ones have left, the oldest first', async () => {
  const project = createTemporaryDir();
  const dead = { STAGELIGHT_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  for (const word of ['one', 'two']) {
    await stagelight(project, ['run', '--', 'echo', word], { env: dead });
  }
  const server = await OtlpServer.start();
  await stagelight(project, ['run', '--', 'echo', 'three'], {
    env: { STAGELIGHT_OTLP_ENDPOINT: server.url },
  });
  const [newest, middle, oldest] = [0, 1, 2].map((index) => toUids(project, index));
  const older = server.uids.filter((uid) => !newest!.includes(uid));
  expect(older).toEqual([...oldest!, ...middle!]);
  expect(new Set(server.uids)).toEqual(new Set([...newest!, ...older]));
  expect(server.uids).toHaveLength(newest!.length + older.length);
});

test('a record is at the backend within a second of being printed', async () => {
  const server = await OtlpServer.start();
  const arrived = new Promise<number>((resolve) => {
    server.behave = ({ body }) => {
      if (body.includes('a line to wait for')) resolve(Date.now());
      return true;
    };
  });
  const project = createTemporaryDir();
  const script = 'sleep 1; date +%s%3N; echo "a line to wait for"; sleep 2';
  const run = stagelight(project, ['run', '--', 'sh', '-c', script], {
    env: { STAGELIGHT_OTLP_ENDPOINT: server.url },
  });
  const arrivedMs = await arrived;
  const { stdout } = await run;
  expect(arrivedMs - Number(stdout.split('\n')[0])).toBeLessThan(1000);
});

test('an address that hangs delays its own signal only', { timeout: 60_000 }, async () => {
  const server = await OtlpServer.start();
  const arrived = new Map<string, number>();
  let hanging = 0;
  server.behave = ({ path, body }) => {
    if (path === '/v1/traces') {
      hanging += 1;
      return new Promise<boolean>(() => {});
    }
    for (const [line] of String(body).matchAll(/tick \d+/g)) arrived.set(line, Date.now());
    return true;
  };
  const project = createTemporaryDir();
  const stage = `"${process.execPath}" "${CLI}" stage first -- true`;
  const ticks = 'for n in 1 2 3 4 5 6 7 8; do echo "tick $(date +%s%3N)"; sleep 0.5; done';
  const { stdout } = await stagelight(
    project,
    ['run', '--flush-timeout', '1', '--', 'sh', '-c', `${stage}; ${ticks}`],
    {
      env: { STAGELIGHT_OTLP_ENDPOINT: server.url },
    },
  );
  expect(hanging).toBeGreaterThan(0);
  const lines = stdout.split('\n');
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    expect(arrived.get(line)! - Number(line.slice('tick '.length))).toBeLessThan(1500);
  }
});

test('a run that a TypeScript program begins is sent as well', async () => {
  const server = await OtlpServer.start();
  const project = createProgram(`await run('api', async () => { logger.info('from inside'); });`);
  await runAlone(project, { STAGELIGHT_OTLP_ENDPOINT: server.url });
  expect(server.uids).toEqual(toUids(project));
  expect(server.spanIds).toHaveLength(1);
});
