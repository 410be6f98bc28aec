import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRun } from '../support/cli.ts';
import { createProject, runAlone } from './program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const API = join(ROOT, 'src', 'capture', 'api');
const PAGE = readFileSync(join(ROOT, 'docs', 'typescript-api.md'), 'utf8');

/** What the examples in docstrings take for granted. */
const PRELUDE = `import { execFileSync } from 'node:child_process';
import { childEnvironment, logger, metric, run, stage, study } from 'stagelight';
declare const read: (path: string) => Promise<object[]>;
declare const isComplete: (row: object) => boolean;
declare const train: (...given: unknown[]) => any;
declare const evaluate: (...given: unknown[]) => any;
declare const upload: () => Promise<void>;
export const used = [execFileSync, childEnvironment, logger, metric, run, stage, study];
export const declared = () => [read, isComplete, train, evaluate, upload];
`;

function listBlocks(text: string): string[] {
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);
}

function listDocstringExamples(): string[] {
  return readdirSync(API)
    .map((name) => readFileSync(join(API, name), 'utf8').replaceAll(/^ \* ?/gm, ''))
    .flatMap(listBlocks)
    .map((block) => `${PRELUDE}${block}`);
}

/** Compiles modules against the built package, as a user's project would. */
function compile(modules: readonly string[]): { project: string; errors: string } {
  const project = createProject({
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        outDir: 'out',
        rootDir: '.',
        paths: {},
        noUnusedLocals: false,
        typeRoots: [join(ROOT, 'node_modules', '@types')],
      },
      include: ['*.ts'],
    }),
  });
  modules.forEach((text, index) => writeFileSync(join(project, `module${index}.ts`), text));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  return { project, errors: stdout };
}

describe('the examples', () => {
  it('on the page compile, and the first runs', async () => {
    const { project, errors } = compile(listBlocks(PAGE));
    expect(errors).toBe('');
    writeFileSync(join(project, 'program.mjs'), "await import('./out/module0.js');");
    const { stderr, exitCode } = await runAlone(project);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const { info, spans } = readRun(project);
    expect(info).toMatchObject({ pipeline: 'churn', result: 'success', counts: { trials: 3 } });
    expect(spans.map(({ name }) => name)).toContain('evaluate');
  });

  it('in the docstrings compile', () => {
    const examples = listDocstringExamples();
    expect(examples.length).toBeGreaterThanOrEqual(6);
    expect(compile(examples).errors).toBe('');
  });
});
