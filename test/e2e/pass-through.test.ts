import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CLI, createEnv, readRun, stagelight, stagelightBytes, toPrinted } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const EVERY_BYTE = `
  const bytes = Buffer.from(Array.from({ length: 65536 }, (_, index) => (index * 7 + (index >> 8)) & 255));
  process.stdout.write(bytes);
  process.stderr.write(bytes.toReversed());
`;

test('stdout and stderr come out byte for byte, apart', async () => {
  const cwd = createTemporaryDir();
  const plain = await execa(process.execPath, ['-e', EVERY_BYTE], { encoding: 'buffer' });
  const result = await stagelightBytes(cwd, [
    'run',
    '-q',
    '--',
    process.execPath,
    '-e',
    EVERY_BYTE,
  ]);
  expect(sha256(result.stdout)).toBe(sha256(plain.stdout));
  expect(sha256(result.stderr)).toBe(sha256(plain.stderr));
});

test('every byte of any output is in exactly one record', async () => {
  const cwd = createTemporaryDir();
  const result = await stagelightBytes(cwd, [
    'run',
    '-q',
    '--',
    process.execPath,
    '-e',
    EVERY_BYTE,
  ]);
  const run = readRun(cwd);
  for (const stream of ['stdout', 'stderr'] as const) {
    const parts = run.lines
      .filter(({ attributes }) => attributes['log.iostream'] === stream)
      .map(({ body, attributes }) =>
        Buffer.from((attributes['log.record.original'] ?? body) as string),
      );
    const joined = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
    const printed = Buffer.concat([Buffer.from(result[stream]), Buffer.from('\n')]);
    expect(joined.equals(printed)).toBe(true);
  }
});

test.each([
  ['exits with 0', 'process.exit(0)', 0],
  ['exits with 7', 'process.exit(7)', 7],
  ['exits with 255', 'process.exit(255)', 255],
])('a command that %s ends us likewise', async (_title, code, exitCode) => {
  const cwd = createTemporaryDir();
  const result = await stagelight(cwd, ['run', '--', process.execPath, '-e', code]);
  expect(result.exitCode).toBe(exitCode);
  expect(readRun(cwd).info).toMatchObject({
    exitCode,
    result: exitCode === 0 ? 'success' : 'failure',
  });
});

test.each(['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGINT'] as const)(
  'death by %s ends us by that signal',
  async (signal) => {
    const cwd = createTemporaryDir();
    const result = await stagelight(cwd, ['run', '--', 'sh', '-c', `kill -${signal.slice(3)} $$`]);
    expect(result.signal).toBe(signal);
    expect(readRun(cwd).info.signal).toBe(signal);
  },
);

test('a command that is not found ends with 127, one that is no program with 126, as in a shell', async () => {
  const cwd = createTemporaryDir();
  const missing = await stagelight(cwd, ['run', '--', 'no-such-program']);
  expect(missing.exitCode).toBe(127);
  expect(missing.stderr).toContain('no-such-program: command not found');
  const path = join(cwd, 'plain.txt');
  writeFileSync(path, 'text');
  const plain = await stagelight(cwd, ['run', '--', path]);
  expect(plain.exitCode).toBe(126);
  expect(readRun(cwd).info).toMatchObject({ state: 'finished', result: 'error', exitCode: 126 });
});

test("the command's own options stay its own", async () => {
  const cwd = createTemporaryDir();
  const print = 'console.log(JSON.stringify(process.argv.slice(1)))';
  const args = ['--quiet', '--name', 'x', '-q', 'key=value', '--', '--help'];
  const result = await stagelight(cwd, [
    'run',
    '-q',
    '--',
    process.execPath,
    '-e',
    print,
    '--',
    ...args,
  ]);
  expect(JSON.parse(result.stdout)).toEqual(args);
});

test('a command can open its output again by /dev/stdout and /dev/stderr', async () => {
  const cwd = createTemporaryDir();
  const script = 'echo first; echo second > /dev/stdout; echo third | tee /dev/stderr';
  const result = await stagelight(cwd, ['run', '-q', '--', 'sh', '-c', script]);
  expect(result.stdout).toBe('first\nsecond\nthird');
  expect(result.stderr).toBe('third');
});

test('where both streams are one file, what was written first stays first', async () => {
  const cwd = createTemporaryDir();
  const path = join(cwd, 'both.txt');
  const script = 'for i in $(seq 500); do echo out $i; echo err $i >&2; done';
  const fd = openSync(path, 'w');
  spawnSync(process.execPath, [CLI, 'run', '-q', '--', 'sh', '-c', script], {
    cwd,
    stdio: ['ignore', fd, fd],
    env: createEnv(),
  });
  const expected = Array.from(
    { length: 500 },
    (_, index) => `out ${index + 1}\nerr ${index + 1}\n`,
  ).join('');
  expect(readFileSync(path, 'utf8')).toBe(expected);
  expect(toPrinted(readRun(cwd)).join('\n')).toBe(expected.trimEnd());
});

test('output that nobody reads any more ends the command as it would without us', async () => {
  const cwd = createTemporaryDir();
  const started = Date.now();
  const script = `${process.execPath} ${CLI} run -q -- yes | head -n 3; echo status \${PIPESTATUS[0]}`;
  const result = await execa('bash', ['-c', script], { cwd, extendEnv: false, env: createEnv() });
  expect(result.stdout).toMatch(/^y\ny\ny\nstatus 141$/); // 128 + SIGPIPE
  expect(Date.now() - started).toBeLessThan(20_000);
});

test('two processes that print at once through us garble nothing', async () => {
  const cwd = createTemporaryDir();
  const print =
    'for i in $(seq 2000); do echo "$1 line $i of a writer that prints whole lines"; done';
  const script = `sh -c '${print}' _ a & sh -c '${print}' _ b & wait`;
  const result = await stagelight(cwd, ['run', '-q', '--', 'sh', '-c', script]);
  const lines = result.stdout.split('\n');
  expect(lines).toHaveLength(4000);
  expect(
    lines.every((line) => /^[ab] line \d+ of a writer that prints whole lines$/.test(line)),
  ).toBe(true);
  expect(toPrinted(readRun(cwd)).toSorted()).toEqual(lines.toSorted());
});

test("make's job server reaches make inside the command", async () => {
  const cwd = createTemporaryDir();
  writeFileSync(
    join(cwd, 'Makefile'),
    `all:\n\t+@${process.execPath} ${CLI} run -q -- $(MAKE) --no-print-directory -f inner.mk\n`,
  );
  writeFileSync(join(cwd, 'inner.mk'), 'all: a b\na b:\n\t@echo $@\n');
  const result = await execa('make', ['-j2'], { cwd, extendEnv: false, env: createEnv() });
  expect(result.stderr).not.toContain('jobserver');
  expect(result.stdout.split('\n').toSorted()).toEqual(['a', 'b']);
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
