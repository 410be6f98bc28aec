import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CLI, createEnv } from '../support/cli.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

/** A file system of one's own takes a user namespace (Linux, where it is allowed). */
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** Runs a script on a file system of 40 MB, which holds a run of 20,000 records; `$SHARED` is a folder outside of it. */
async function onSmallDisk(endpoint: string, shared: string, script: string) {
  const disk = createTemporaryDir();
  const stagelight = `'${process.execPath}' '${CLI}'`;
  return await execa(
    'unshare',
    [
      '-rm',
      'bash',
      '-c',
      `mount -t tmpfs -o size=40m tmpfs ${disk} && cd ${disk}
      stagelight() { ${stagelight} "$@"; }
      stagelight run -q -- seq 20000 > /dev/null
      export STAGELIGHT_OTLP_ENDPOINT=${endpoint}
      fill() { head -c 100M /dev/zero > filler 2> /dev/null; }
      ${script}`,
    ],
    { reject: false, extendEnv: false, env: createEnv({ SHARED: shared }) },
  );
}

function countOnce(uids: readonly string[]): void {
  expect(new Set(uids).size).toBe(uids.length);
  // The lines, and the events of the run's start and end.
  expect(uids.length).toBe(20_002);
}

test.runIf(canMount)(
  'with a full disk nothing is sent that could not be remembered; with room again all of it is, once',
  { timeout: 120_000 },
  async () => {
    const server = await OtlpServer.start();
    const shared = createTemporaryDir();
    let sentWhileFull = 0;
    server.behave = () => {
      if (!existsSync(join(shared, 'room'))) sentWhileFull += 1;
      return true;
    };
    const { stdout, exitCode } = await onSmallDisk(
      server.url,
      shared,
      `fill
      stagelight push --all --timeout 3; echo "code $?"
      rm filler; touch $SHARED/room
      stagelight push --all; echo "code $?"`,
    );
    expect(exitCode).toBe(0);
    const [full = '', room = ''] = stdout.split('code 1');
    expect(full).toContain('ENOSPC');
    expect(sentWhileFull).toBe(0);
    expect(room).toContain('code 0');
    countOnce(server.uids);
  },
);

test.runIf(canMount)(
  'a disk that fills up while a run is sent stops it; with room again it goes on, and nothing is sent twice',
  { timeout: 120_000 },
  async () => {
    const server = await OtlpServer.start();
    const shared = createTemporaryDir();
    let sentWhileFull = 0;
    const isThere = (name: string): boolean => existsSync(join(shared, name));
    server.behave = async ({ path }) => {
      if (isThere('full') && !isThere('room')) sentWhileFull += 1;
      if (path !== '/v1/logs' || isThere('go')) return true;
      // The disk is full before this request is answered.
      writeFileSync(join(shared, 'go'), '');
      await waitFor(() => isThere('full'));
      return true;
    };
    const { stdout, exitCode } = await onSmallDisk(
      server.url,
      shared,
      `(until [ -e $SHARED/go ]; do sleep 0.05; done; fill; touch $SHARED/full; sleep 4; touch $SHARED/room; rm filler) &
      stagelight push --all; code=$?; wait; exit $code`,
    );
    expect(exitCode, stdout).toBe(0);
    expect(sentWhileFull).toBe(0);
    expect(server.requests.filter(({ path }) => path === '/v1/logs').length).toBeGreaterThan(1);
    countOnce(server.uids);
  },
);
