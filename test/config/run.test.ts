import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { isConfigVariable } from '../../src/config/layers/variables.ts';
import { createEnv } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { createProject } from './project.ts';
import type { Files } from './project.ts';

const CLI_DIR = fileURLToPath(new URL('../../dist/cli', import.meta.url));
const EXAMPLE = readFileSync(
  new URL('../../examples/mlops/configs/logging_utils/base.yaml', import.meta.url),
);

beforeAll(() => {
  if (!existsSync(join(CLI_DIR, 'bin.js'))) throw new Error('run `npm run build` first');
});

/** Prints as a script does that has the logging settings of the example. */
const SCRIPT = `
for (const level of ['DEBUG', 'INFO', 'ERROR']) console.log('2026-11-23 01:33:56,793 ' + level + ':' + level.toLowerCase());
console.log('plain');
`;

interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly home: string;
  readonly runDirs: readonly string[];
}

async function runCli(
  cwd: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cliDir?: string } = {},
): Promise<Ran> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [join(options.cliDir ?? CLI_DIR, 'bin.js'), 'run', ...args],
    { cwd, reject: false, extendEnv: false, env: createEnv(options.env) },
  );
  const home = join(cwd, '.stagelight');
  const runsDir = join(home, 'runs');
  const runDirs = existsSync(runsDir)
    ? readdirSync(runsDir).map((name) => join(runsDir, name))
    : [];
  return { exitCode, stdout, stderr, home, runDirs };
}

function createScriptProject(files: Files): string {
  return createProject({ 'script.mjs': SCRIPT, ...files });
}

const COMMAND = ['--', process.execPath, 'script.mjs'];

function readText({ runDirs }: Ran): string[] {
  return readFileSync(join(runDirs[0]!, 'run.log'), 'utf8').trimEnd().split('\n');
}

test("run.log has the format and the level of a Hydra project's file, and logs.jsonl keeps everything", async () => {
  const cwd = createScriptProject({
    'stagelight.yaml': 'logging:\n  from: configs/logging_utils/base.yaml\n',
    'configs/logging_utils/base.yaml': EXAMPLE,
  });

  const ran = await runCli(cwd, COMMAND);

  expect(ran.exitCode).toBe(0);
  const lines = readText(ran);
  expect(lines).toContain('2026-11-23 01:33:56,793 INFO:info');
  expect(lines).toContain('2026-11-23 01:33:56,793 ERROR:error');
  expect(lines.filter((line) => line.endsWith(':plain'))).toHaveLength(1);
  expect(lines.join('\n')).not.toContain('debug');
  expect(readFileSync(join(ran.runDirs[0]!, 'logs.jsonl'), 'utf8')).toContain('"debug"');
});

test('arguments before the command come before the file', async () => {
  const cwd = createScriptProject({ 'stagelight.yaml': 'logging: quiet\n' });

  const ran = await runCli(cwd, [
    'logging.level=info',
    'logging.format=%(levelname)s|%(message)s',
    ...COMMAND,
  ]);

  expect(readText(ran)).toEqual(expect.arrayContaining(['INFO|info', 'ERROR|error', '-|plain']));
  expect(readText(ran)).not.toContain('DEBUG|debug');
});

test('a format that is configured is read too', async () => {
  const cwd = createProject({ 'script.mjs': "console.log('lvl=WARNING msg=odd');" });

  const ran = await runCli(cwd, [
    'logging.formats=["lvl=%(levelname)s msg=%(message)s"]',
    'logging.format=%(levelname)s|%(message)s',
    ...COMMAND,
  ]);

  expect(readText(ran)).toContain('WARNING|odd');
});

test('names, the environment and secrets are taken over', async () => {
  const cwd = createProject({
    'script.mjs': "console.log('key corp-1234');",
    'stagelight.yaml':
      'pipeline: churn\nenvironment: production\nsecrets: { rules: [{ name: own, pattern: "corp-[0-9]+" }] }\nrun: { quiet: true }\n',
  });

  const ran = await runCli(cwd, [...COMMAND, 'corp-5678']);

  const info: unknown = JSON.parse(readFileSync(join(ran.runDirs[0]!, 'run.json'), 'utf8'));
  expect(info).toMatchObject({
    pipeline: 'churn',
    resource: { 'deployment.environment.name': 'production' },
  });
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toBe('key corp-1234');
  for (const name of ['run.json', 'logs.jsonl', 'run.log', 'traces.jsonl']) {
    expect(readFileSync(join(ran.runDirs[0]!, name), 'utf8')).not.toMatch(/corp-\d/);
  }
});

test('--name comes before the name in the file', async () => {
  const ran = await runCli(createScriptProject({ 'stagelight.yaml': 'pipeline: a\n' }), [
    '--name',
    'b',
    ...COMMAND,
  ]);

  expect(readFileSync(join(ran.runDirs[0]!, 'run.json'), 'utf8')).toContain('"pipeline": "b"');
});

describe('a mistake ends it with code 2 before anything is started', () => {
  test.each([
    {
      title: 'in the file',
      files: { 'stagelight.yaml': 'logging:\n  level: loud\n' },
      message: 'stagelight: stagelight.yaml:2:10: logging.level: expected a level name',
    },
    {
      title: 'in an argument',
      args: ['loging.level=debug'],
      message: 'stagelight: argument "loging.level=debug": loging.level: unknown key "loging"',
    },
    {
      title: 'an option behind an argument',
      args: ['logging=debug', '--live'],
      message: 'stagelight: options stand before arguments such as logging=debug: --live',
    },
  ])('$title', async ({ files, args, message }) => {
    const cwd = createScriptProject(files ?? {});

    const ran = await runCli(cwd, [...(args ?? []), ...COMMAND]);

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('    at ');
    expect(ran.stdout).toBe('');
    expect(existsSync(ran.home)).toBe(false);
  });
});

test('without configuration neither the schema nor the YAML parser is loaded', async () => {
  const cliDir = createTemporaryDir();
  cpSync(CLI_DIR, cliDir, { recursive: true });
  writeFileSync(join(cliDir, 'package.json'), '{"name":"stagelight","type":"commonjs"}');
  const chunks = readdirSync(cliDir).filter((name) => name.startsWith('compose-'));
  expect(chunks).toHaveLength(1);
  rmSync(join(cliDir, chunks[0]!));

  const without = await runCli(createScriptProject({}), COMMAND, { cliDir });
  const withOverride = await runCli(createScriptProject({}), ['logging=debug', ...COMMAND], {
    cliDir,
  });

  expect({ code: without.exitCode, stderr: without.stderr }).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining(chunks[0]!),
  });
  expect(withOverride.stderr).toContain(chunks[0]!);
});

test('what ties a command to its run is no setting to a stagelight inside it', async () => {
  const { stdout } = await runCli(createScriptProject({}), ['--', 'env']);
  const names = [...stdout.matchAll(/^STAGELIGHT_\w+/gm)].map(([name]) => name);

  expect(names).toContain('STAGELIGHT_RUN_DIR');
  expect(names.filter(isConfigVariable)).toEqual([]);
});
