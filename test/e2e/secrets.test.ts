import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

/** Made up, in the real shapes. Joined at run time, so that no scanner takes this file for a leak. */
const SECRETS = {
  aws: ['AKIA', 'IOSFODNN7EXAMPL3'].join(''),
  github: ['ghp_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join(''),
  slack: ['xoxb', '-123456789012-abcdefABCDEF'].join(''),
  jwt: ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'dozjgNryP4J3jVmNHl0w5N'].join('.'),
  url: 'hunter2inurl',
  key: 'MIIEowIBAAKCAQEAx3n0notarealkeyatall',
  password: 'correct-horse-battery',
};

const PRINT = `
  const s = JSON.parse(process.env.SECRETS);
  console.log('uploading with ' + s.aws);
  console.error('[2026-11-23 01:33:56,793][app][ERROR] - push to https://bot:' + s.url + '@git.example.com/x.git failed');
  console.log('token ' + s.github + ' and ' + s.slack);
  console.log(JSON.stringify({ level: 'info', message: 'auth', header: 'Bearer ' + s.jwt }));
  console.log('-----BEGIN RSA PRIVATE KEY-----');
  console.log(s.key);
  console.log('-----END RSA PRIVATE KEY-----');
  console.log('db.password=' + s.password + ' db.host=localhost');
  console.log('Traceback (most recent call last):\\n  File "a.py", line 1, in <module>\\nValueError: bad key ' + s.aws);
  process.stdout.write('no newline ' + s.github);
`;

test('secrets reach the terminal and nothing that is kept', async () => {
  const cwd = createTemporaryDir();
  const result = await stagelight(
    cwd,
    ['run', '--', process.execPath, '-e', PRINT, `password=${SECRETS.password}`],
    {
      env: { SECRETS: JSON.stringify(SECRETS) },
    },
  );
  for (const secret of Object.values(SECRETS))
    expect(result.stdout + result.stderr).toContain(secret);
  const run = readRun(cwd);
  for (const [file, text] of readAllFiles(run.runDir)) {
    for (const secret of Object.values(SECRETS))
      expect(text.includes(secret), `${file} has a secret`).toBe(false);
  }
  expect(run.info.counts?.masked).toBeGreaterThanOrEqual(9);
  expect(result.stderr).toMatch(/\d+ secrets masked/);
  expect(run.info.command.at(-1)).toBe('password=***');
});

test('hashes, IDs and counts are no secrets', async () => {
  const cwd = createTemporaryDir();
  const harmless = [
    'md5 d41d8cd98f00b204e9800998ecf8427e',
    'commit 2bc804f6a1ab000b6fe025825da79148c0b2e0ff',
    'run 84a8f2c6a1ab000b6fe025825da79148',
    'max_tokens: 512, next token: the',
    'uuid 7c1f7f5e-3a41-4f6b-9a3e-0d1b2c3d4e5f',
    'https://github.com/iterative/dvc.git',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'the secret of good soup is time',
  ];
  writeFileSync(join(cwd, 'lines.txt'), `${harmless.join('\n')}\n`);
  await stagelight(cwd, ['run', '--', 'cat', 'lines.txt']);
  const run = readRun(cwd);
  expect(run.lines.map(({ body }) => body)).toEqual(harmless);
  expect(run.info.counts?.masked).toBe(0);
});

test('a rule of the user’s own masks what it matches', async () => {
  const cwd = createTemporaryDir();
  writeFileSync(
    join(cwd, 'stagelight.yaml'),
    "secrets:\n  rules:\n    - name: customer\n      pattern: 'CUST-(\\d+)'\n",
  );
  await stagelight(cwd, ['run', '--', 'echo', 'order of CUST-0012345 is late']);
  const run = readRun(cwd);
  expect(run.lines.map(({ body }) => body)).toEqual(['order of CUST-*** is late']);
  for (const [, text] of readAllFiles(run.runDir)) expect(text).not.toContain('0012345');
});

function readAllFiles(folder: string): [path: string, text: string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path, 'latin1')];
    });
}
