import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createEnv, readRun } from './support/cli.ts';
import { readEndedRun } from './api/program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

let project: string;

/** A project that has installed the package from its tarball; what it depends on is what is installed here. */
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'stagelight-package-'));
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'stagelight'), { recursive: true });
  const packed = await run(['npm', 'pack', '--json', '--pack-destination', project], ROOT);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  await run(['tar', 'xzf', filename, '-C', join(modules, 'stagelight'), '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) link(join('node_modules', name));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  return () => rmSync(project, { recursive: true, force: true });
}, 60_000);

function link(path: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  symlinkSync(join(ROOT, path), join(project, path));
}

async function run([program, ...args]: [string, ...string[]], cwd = project): Promise<string> {
  const { stdout } = await execa(program, args, { cwd, extendEnv: false, env: createEnv() });
  return stdout;
}

test('the packed command line runs, with its presets, its hook and its shell', async () => {
  const cli = join('node_modules', 'stagelight', 'dist', 'cli', 'bin.js');
  const args = [
    'run',
    '-q',
    'logging=debug',
    '--',
    'sh',
    '-c',
    'echo "$PYTHONPATH"; echo "$SHELL"',
  ];
  const [pythonPath, shell] = (await run([process.execPath, cli, ...args])).split('\n');
  for (const path of [join(pythonPath!, 'sitecustomize.py'), shell!])
    expect(readFileSync(path, 'utf8')).not.toBe('');
  expect(readRun(project).info).toMatchObject({ result: 'success' });
});

test('the packed library runs, and starts the packed recorder', async () => {
  writeFileSync(
    join(project, 'program.js'),
    "import { logger, run, stage } from 'stagelight';\nawait run('packed', () => stage('one', () => logger.info('from the package')));\n",
  );
  await run([process.execPath, 'program.js']);
  const { info, lines } = await readEndedRun(project);
  expect(info).toMatchObject({ pipeline: 'packed', result: 'success' });
  expect(lines.map(({ body }) => body)).toEqual(['from the package']);
});

test('its types are whole by themselves: strict, without @types/node', async () => {
  writeFileSync(
    join(project, 'program.ts'),
    "import { childEnvironment, logger, metric, run, stage, study } from 'stagelight';\nawait run('r', async () => { logger.info('x'); metric('m', 1); await stage('s', () => childEnvironment()); });\nexport const best = await study('t', { direction: 'maximize' }, async (search) => search.best?.value);\n",
  );
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    '--strict',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    '',
  ];
  expect(await run([process.execPath, tsc, ...options, 'program.ts'])).toBe('');
});
