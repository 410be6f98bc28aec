import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { CLI, createEnv, readRun, stagelight } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const STAGELIGHT = `${process.execPath} ${CLI}`;
/** A file system of one's own takes a user namespace (Linux, where it is allowed). */
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** Runs a script in a folder that is a file system of so many kilobytes, with all temporary files in it. */
async function onSmallDisk(kilobytes: number, script: string) {
  const disk = createTemporaryDir();
  const mount = `mount -t tmpfs -o size=${kilobytes}k tmpfs ${disk} && cd ${disk} && mkdir tmp`;
  return await execa('unshare', ['-rm', 'bash', '-c', `${mount}\n${script}`], {
    reject: false,
    extendEnv: false,
    env: createEnv({ TMPDIR: join(disk, 'tmp') }),
  });
}

test.runIf(canMount)(
  'a disk that fills up is said once, the command goes on, and what it took is read when it has room again',
  async () => {
    const { stdout, stderr, exitCode } = await onSmallDisk(
      8000,
      `head -c 7000000 /dev/zero > filler
      cat > print.mjs <<'END'
        for (let n = 1; n <= 5000; n += 1) console.log('line ' + n + ' ' + '-'.repeat(1000));
        process.exitCode = 3;
END
      ${STAGELIGHT} run -- ${process.execPath} print.mjs | wc -l
      code=\${PIPESTATUS[0]}
      rm filler
      ${STAGELIGHT} logs | cut -c1-80
      exit $code`,
    );
    expect(exitCode, stderr).toBe(3);
    const [count, ...kept] = stdout.split('\n');
    expect(count).toBe('5000');
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^stagelight: can't .*: ENOSPC: no space left on device/),
      expect.stringMatching(/^stagelight: \d+ bytes of output are not recorded$/),
    ]);
    const lines = kept.flatMap((text) => /: line (\d+) /.exec(text)?.[1] ?? []);
    expect(lines.length).toBeGreaterThan(100);
    expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
  },
);

test.runIf(canMount)('a disk that is full from the start costs the command nothing', async () => {
  const { stdout, stderr, exitCode } = await onSmallDisk(
    300,
    `head -c 1000000 /dev/zero > filler
    ${STAGELIGHT} run -- sh -c 'echo out; echo err >&2; exit 4'
    code=$?
    ls .stagelight/runs
    exit $code`,
  );
  expect(exitCode).toBe(4);
  expect(stdout).toBe('out');
  expect(stderr.split('\n').filter((line) => line.startsWith('stagelight: '))).toEqual([
    expect.stringMatching(/^stagelight: can't record this run: ENOSPC/),
  ]);
  expect(stderr).toMatch(/^err$/m);
});

test('what a full disk has taken is merged by the next reader, in its order', async () => {
  const cwd = createTemporaryDir();
  // A limit on the size of files is as good as a full disk, and needs nobody's permission.
  const script = `ulimit -f 400; ${STAGELIGHT} run -q -- sh -c 'seq 100000; exit 5'`;
  const { exitCode, stdout, stderr } = await execa('bash', ['-c', script], {
    cwd,
    reject: false,
    extendEnv: false,
    env: createEnv(),
  });
  expect(exitCode).toBe(5);
  expect(stdout.split('\n')).toHaveLength(100_000);
  expect(stderr).toMatch(/^stagelight: can't record the output: EFBIG/);
  // Without the limit the next reader merges what the inbox has.
  await stagelight(cwd, ['ls']);
  const printed = readRun(cwd).lines.map(({ body }) => body);
  expect(printed.length).toBeGreaterThan(100);
  // The last one may be cut: the rest of it didn't fit.
  expect(String(printed.length).startsWith(String(printed.pop()))).toBe(true);
  expect(printed).toEqual(printed.map((_, index) => String(index + 1)));
});

test('a folder that nothing can be written into is said, and costs the command nothing', async () => {
  const cwd = createTemporaryDir();
  // Root may write into any folder, but not into one that is a file.
  writeFileSync(join(cwd, '.stagelight'), '');
  const result = await stagelight(cwd, ['run', '--', 'sh', '-c', 'echo out; exit 6']);
  expect(result).toMatchObject({ exitCode: 6, stdout: 'out' });
  expect(result.stderr).toMatch(
    /^stagelight: can't record this run: .*; the command runs all the same \(STAGELIGHT_DIR names another folder for runs\)$/,
  );
});

test('where no pipe can be made the command has our own streams, and it is said', async () => {
  const cwd = createTemporaryDir();
  const bin = join(cwd, 'bin'); // no mkfifo in it
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  writeFileSync(join(cwd, 'print.mjs'), "console.log('out'); console.error('err');");
  const result = await stagelight(cwd, ['run', '--', 'node', 'print.mjs'], { env: { PATH: bin } });
  expect(result).toMatchObject({ exitCode: 0, stdout: 'out' });
  expect(result.stderr).toMatch(/^err$/m);
  expect(result.stderr).toMatch(/^stagelight: can't make a FIFO .*; the output is not recorded$/m);
  expect(readRun(cwd)).toMatchObject({ info: { result: 'success' }, lines: [] });
});

test('a run directory is for its owner’s eyes only', async () => {
  const cwd = createTemporaryDir();
  chmodSync(cwd, 0o755);
  await stagelight(cwd, [
    'run',
    '-q',
    '--',
    'sh',
    '-c',
    'umask 0; stat -c %a "$STAGELIGHT_RUN_DIR" "$STAGELIGHT_RUN_DIR"/inbox/* > modes.txt',
  ]);
  expect(readFileSync(join(cwd, 'modes.txt'), 'utf8').trim().split('\n')).toEqual([
    '700',
    ...Array.from({ length: 1 }, () => '600'),
  ]);
});
