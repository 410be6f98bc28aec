import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createEnv } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { ROOT } from './project.ts';

/** What `.dockerignore` lets through: it names what there is, and nothing else. */
function readContext(): string[] {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
  expect(lines[0]).toBe('*');
  return lines.slice(1).map((line) => line.replace(/^!/, ''));
}

function readStages(): string[][][] {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  return text
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((stage) =>
      stage
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    );
}

test('what the Dockerfile copies is there and let through, and what the build reads is copied', () => {
  const [build] = readStages();
  const copied = readStages()
    .flat()
    .filter(([word, first]) => word === 'COPY' && !first!.startsWith('--'))
    .flatMap((words) => words.slice(1, -1).map((path) => path.replace('./', '')));
  expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  expect(copied.filter((path) => !readContext().includes(path))).toEqual([]);
  expect(readContext().filter((path) => !copied.includes(path))).toEqual([]);
  const script = readFileSync(join(ROOT, 'scripts/build.mjs'), 'utf8');
  const inputs = [...script.matchAll(/'(tsconfig[\w.]*\.json|src)(?:\/|')/g)].map(
    ([, path]) => path!,
  );
  expect(inputs.filter((path) => !copied.includes(path))).toEqual([]);
  expect(build!.some((words) => words.join(' ') === 'RUN npm run build')).toBe(true);
});

test('what is in the image runs by itself: no node_modules, no source', async () => {
  const app = createTemporaryDir();
  const image = readStages().at(-1)!;
  for (const [word, ...words] of image) {
    if (word !== 'COPY') continue;
    const paths = words.filter((path) => !path.startsWith('--'));
    const target = paths.at(-1)!;
    for (const path of paths.slice(0, -1)) {
      const source = path.replace('/app/', '').replace('./', '');
      const goal = target.endsWith('/') ? join(app, target, source) : join(app, target);
      mkdirSync(dirname(goal), { recursive: true });
      cpSync(join(ROOT, source), goal, { recursive: true });
    }
  }
  const entrypoint = JSON.parse(
    image
      .find(([word]) => word === 'ENTRYPOINT')!
      .slice(1)
      .join(' '),
  ) as string[];
  const [, ...args] = entrypoint.map((arg) => arg.replace('/app', app));
  const options = { cwd: app, extendEnv: false, env: createEnv(), reject: false } as const;
  const version = await execa(process.execPath, [...args, '--version'], options);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+/);
  const run = await execa(process.execPath, [...args, 'run', '--', 'true'], options);
  expect(run.stderr).toMatch(/success/);
});
