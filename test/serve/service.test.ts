import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createRunId } from '../../src/model/ids.ts';
import { stagelight } from '../support/cli.ts';
import { startSink } from '../support/sink.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';
import { toMinimalRecords } from './hostile-body.ts';
import { countItems, makePushed } from './pushed-run.ts';

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends it with code 0, and what it has taken is kept for the next start',
  async (signal) => {
    const dir = createTemporaryDir();
    const { url, child, printed } = await startSink({ dir, tracking: NOWHERE });
    const run = makePushed();
    await run.pushTo(url);
    await waitFor(() => printed.stderr !== '');
    const ended = once(child, 'close');
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(printed.stdout).toContain(`stopped; 1 run is kept in ${dir}`);
    expect(printed.stderr).toBe(
      `stagelight: can't reach MLflow at ${NOWHERE}: nothing listens there\n`,
    );
    expect(countItems(join(dir, 'runs', run.runId))).toEqual(countItems(run.runDir));
  },
);

test('a second signal ends it at once, whatever it is at', async () => {
  const dir = createTemporaryDir();
  const { url, child } = await startSink({ dir, tracking: NOWHERE });
  // Seconds of work, which the first signal doesn't cut short.
  const runId = createRunId();
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  const body = new Uint8Array(gzipSync(toMinimalRecords(runId)));
  const sent = fetch(`${url}/v1/logs`, { method: 'POST', body, headers }).catch(() => {});
  await waitFor(() => existsSync(join(dir, 'runs', runId, 'logs.jsonl')));
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await waitFor(() => isGone(url));
  child.kill('SIGINT');
  expect(await ended).toEqual([null, 'SIGINT']);
  await sent;
});

async function isGone(url: string): Promise<boolean> {
  return fetch(url).then(
    () => false,
    () => true,
  );
}

test('a port that is in use, and a folder that another one has, are a sentence each', async () => {
  const dir = createTemporaryDir();
  const { url } = await startSink({ dir, tracking: NOWHERE });
  const { port } = new URL(url);
  const start = (...args: string[]) =>
    stagelight(dir, ['sink', 'mlflow', ...args], { env: { MLFLOW_TRACKING_URI: NOWHERE } });
  expect(await start('--port', port, '--dir', join(dir, 'other'))).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr:
      `stagelight: port ${port} of 127.0.0.1 is in use, perhaps by a sink that runs already\n` +
      '  give another --port; 0 takes any that is free',
  });
  expect(await start('--port', '0', '--dir', dir)).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: `stagelight: another sink uses ${dir}\n  give another --dir`,
  });
  expect(await start('--port', '0', '--dir', '/dev/null/x')).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^stagelight: can't write to \/dev\/null\/x: .*\n {2}give another --dir$/,
    ),
  });
});
