import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CLI, createEnv, readRun, stagelight, toPrinted } from '../support/cli.ts';
import { isAlive } from '../support/is-alive.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

/** A command like DVC: a parent that waits for its child, and a child of that child. (No `&`: it ignores SIGINT.) */
const FAMILY = `sh -c 'sh -c "echo \\$\\$ > grandchild.pid; exec sleep 60"; true'; true`;

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
  '%s to us reaches every descendant',
  async (signal) => {
    const cwd = createTemporaryDir();
    const running = start(cwd, ['sh', '-c', FAMILY]);
    await waitFor(() => readPid(cwd, 'grandchild') !== undefined);
    const grandchild = readPid(cwd, 'grandchild')!;
    running.kill(signal);
    const result = await running;
    expect(result.signal).toBe(signal);
    await waitFor(() => !isAlive(grandchild));
    expect(readRun(cwd).info).toMatchObject({
      state: 'finished',
      result: 'cancellation',
      errorType: signal,
    });
  },
);

test('a descendant in a session of its own gets SIGTERM too', async () => {
  const cwd = createTemporaryDir();
  const running = start(cwd, [
    'sh',
    '-c',
    'setsid sh -c "echo \\$\\$ > apart.pid; exec sleep 60" & wait',
  ]);
  await waitFor(() => readPid(cwd, 'apart') !== undefined);
  running.kill('SIGTERM');
  await running;
  await waitFor(() => !isAlive(readPid(cwd, 'apart')!));
});

test('a command that handles SIGTERM ends as it likes, and its last words are kept', async () => {
  const cwd = createTemporaryDir();
  const script = "trap 'echo cleaning up; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
  const running = start(cwd, ['sh', '-c', script]);
  await waitFor(() => printed(running).includes('ready'));
  running.kill('SIGTERM');
  const result = await running;
  expect(result.exitCode).toBe(5);
  expect(toPrinted(readRun(cwd), 'stdout')).toEqual(['ready', 'cleaning up']);
  expect(readRun(cwd).info).toMatchObject({
    exitCode: 5,
    result: 'cancellation',
    errorType: 'SIGTERM',
  });
});

test('SIGUSR1 and SIGUSR2 are the command’s own', async () => {
  const cwd = createTemporaryDir();
  const script =
    "trap 'echo one' USR1; trap 'echo two; exit 0' USR2; echo ready; while :; do sleep 0.05; done";
  const running = start(cwd, ['sh', '-c', script]);
  await waitFor(() => printed(running).includes('ready'));
  running.kill('SIGUSR1');
  await waitFor(() => printed(running).includes('one'));
  running.kill('SIGUSR2');
  expect((await running).stdout).toBe('ready\none\ntwo');
});

test('a background process that holds the output open keeps us from ending for 2 s, and it is said', async () => {
  const cwd = createTemporaryDir();
  const started = Date.now();
  const result = await stagelight(cwd, [
    'run',
    '--',
    'sh',
    '-c',
    'sleep 30 & echo $! > held.pid; echo done',
  ]);
  const tookMs = Date.now() - started;
  process.kill(readPid(cwd, 'held')!);
  expect(result).toMatchObject({ exitCode: 0, stdout: 'done' });
  expect(result.stderr).toContain('a background process still holds the output open');
  expect(tookMs).toBeGreaterThan(1900);
  expect(tookMs).toBeLessThan(10_000);
});

test('a background process that has closed its output keeps nobody waiting', async () => {
  const cwd = createTemporaryDir();
  const result = await stagelight(cwd, [
    'run',
    '--',
    'sh',
    '-c',
    'sleep 30 >/dev/null 2>&1 & echo $! > free.pid; echo done',
  ]);
  process.kill(readPid(cwd, 'free')!);
  expect(result.stderr).not.toContain('background process');
});

test('killing stagelight breaks the pipe for the command, as it would for `| tee`', async () => {
  const cwd = createTemporaryDir();
  const script = 'echo $$ > writer.pid; while :; do echo tick; sleep 0.02; done';
  const running = start(cwd, ['sh', '-c', script]);
  await waitFor(() => printed(running).includes('tick'));
  running.kill('SIGKILL');
  await running;
  await waitFor(() => !isAlive(readPid(cwd, 'writer')!));
});

function start(cwd: string, command: readonly string[]) {
  const running = execa(process.execPath, [CLI, 'run', '-q', '--', ...command], {
    cwd,
    stdin: 'ignore',
    reject: false,
    extendEnv: false,
    env: createEnv(),
  });
  running.stdout.on('data', (chunk: Buffer) =>
    outputs.set(running, (outputs.get(running) ?? '') + chunk.toString()),
  );
  return running;
}

const outputs = new WeakMap<object, string>();

function printed(running: object): string {
  return outputs.get(running) ?? '';
}

function readPid(cwd: string, name: string): number | undefined {
  try {
    return Number(readFileSync(join(cwd, `${name}.pid`), 'utf8').trim()) || undefined;
  } catch {
    return undefined;
  }
}
