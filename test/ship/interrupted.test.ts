import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords } from '../../src/spool/signal-reader.ts';
import { CLI, createEnv, stagelight } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { makeRun } from '../view/support/make-run.ts';

/** A project with a run of some megabytes. */
function setUp(count: number): { project: string; runDir: string; uids: readonly string[] } {
  const project = createTemporaryDir();
  const { runDir } = makeRun({
    home: join(project, '.stagelight'),
    entries: (run) =>
      Array.from({ length: count }, (_, index) =>
        run.log(500 + index, `line ${index} ${'x'.repeat(400)}`),
      ),
  });
  const uids = [...readRecords(join(runDir, FILE.logs))].map(({ attributes }) =>
    String(attributes['log.record.uid']),
  );
  return { project, runDir, uids };
}

test(
  'killed at 50 random points, a shipper loses nothing, and doubles no more than what was under way',
  { timeout: 240_000 },
  async () => {
    const { project, runDir, uids } = setUp(20_000);
    const server = await OtlpServer.start();
    // Small pieces: there is a point to be killed at between any two.
    const sizes: number[] = [];
    server.behave = async (request, response) => {
      await sleep(5);
      if (request.body.length > 100_000) {
        response.writeHead(413).end();
        return false;
      }
      sizes.push(request.body.length);
      return true;
    };
    const env = createEnv({ STAGELIGHT_OTLP_ENDPOINT: server.url });
    let killedCount = 0;
    for (let round = 0; round < 50; round += 1) {
      const child = spawn(process.execPath, [CLI, 'push', '--all'], {
        cwd: project,
        env,
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      // Only requests say that it has come far enough to be worth killing.
      const before = server.requests.length;
      while (server.requests.length === before && child.exitCode === null) await sleep(1);
      await sleep(Math.random() * 30);
      child.kill('SIGKILL');
      const [, signal] = (await exited) as [number | null, string | null];
      if (signal === 'SIGKILL') killedCount += 1;
    }
    const { exitCode } = await stagelight(project, ['push', '--all'], {
      env: { STAGELIGHT_OTLP_ENDPOINT: server.url },
    });
    expect(exitCode).toBe(0);
    expect(killedCount).toBeGreaterThan(20);
    expect(new Set(server.uids)).toEqual(new Set(uids));
    const doubledCount = server.uids.length - uids.length;
    const mostPerPiece = 250;
    expect(doubledCount).toBeLessThanOrEqual(killedCount * mostPerPiece);
    // Locks of the dead are cleared away.
    expect(readdirSync(join(runDir, FILE.cursor))).toEqual(['otlp.json']);
  },
);

test('of several pushes at once one sends, and nothing arrives twice', async () => {
  const { project, uids } = setUp(5000);
  const server = await OtlpServer.start();
  server.behave = async () => {
    await sleep(50);
    return true;
  };
  const env = { STAGELIGHT_OTLP_ENDPOINT: server.url };
  const pushed = await Promise.all(
    [1, 2, 3, 4].map(async () => stagelight(project, ['push', '--all'], { env })),
  );
  expect(server.uids).toHaveLength(uids.length);
  expect(new Set(server.uids)).toEqual(new Set(uids));
  expect(pushed.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(0);
  for (const { exitCode, stdout } of pushed) {
    if (exitCode !== 0) expect(stdout).toContain('another process sends it');
  }
});
