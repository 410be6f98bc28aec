import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { runIn } from '../support/mlops-project.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const STAGES = `stages:
  make: {cmd: [echo 1 > made.txt, cat made.txt], outs: [made.txt]}
  count: {cmd: echo 2 > counted.txt, outs: [counted.txt], always_changed: true}
`;

/** A folder with these files, under git and DVC. */
async function createProject(files: Readonly<Record<string, string>>): Promise<string> {
  const project = join(createTemporaryDir(), 'project');
  mkdirSync(project);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  await runIn(project, ['git', 'init', '-q']);
  await runIn(project, ['dvc', 'init', '-q']);
  return project;
}

testWith('dvc', 'git')(
  'why a stage ran is said where nothing that it depends on has changed, and which commands it ran',
  { timeout: 120_000 },
  async () => {
    const project = await createProject({ 'dvc.yaml': STAGES });
    await runIn(project, ['dvc', 'repro', '-q']);
    const repro = async (...args: string[]): Promise<unknown[]> => {
      const result = await stagelight(project, ['run', '--', 'dvc', 'repro', ...args]);
      expect(result.exitCode, result.stderr).toBe(0);
      const stages = readRun(project).spans.filter(
        ({ attributes }) => attributes['dvc.stage.name'],
      );
      return stages.map(({ name, attributes }) => [name, attributes['dvc.stage.changed']]);
    };

    expect(await repro('count')).toEqual([['count', ['always']]]);
    expect(await repro('-f', 'make')).toEqual([['make', ['forced']]]);
    rmSync(join(project, 'made.txt'));
    rmSync(join(project, '.dvc/cache'), { recursive: true });
    expect(await repro('make')).toEqual([['make', ['out:made.txt']]]);
    const shown = await stagelight(project, ['show']);
    expect(shown.stdout).toMatch(
      /✔ make .* changed: output made\.txt\n.*echo .* echo 1 > made\.txt\n.*cat .* cat made\.txt\n/,
    );
    const commands = readRun(project).spans.filter(
      ({ attributes }) => attributes['process.executable.name'],
    );
    expect(commands.map(({ name }) => name).toSorted()).toEqual(['cat', 'echo']);
  },
);

testWith('dvc', 'git')(
  'parameters have the names of dvc.lock, each once, whoever tells them: by file, and down to the value',
  { timeout: 120_000 },
  async () => {
    const project = await createProject({
      'dvc.yaml':
        'stages: {fit: {cmd: echo 1 > fit.txt, outs: [fit.txt], params: [model, seed, other.yaml: [seed]]}}',
      'params.yaml': 'model: {lr: 0.5, layers: [1, 2], inner: {depth: 3}}\nseed: 1\n',
      'other.yaml': 'seed: 2\n',
    });
    const fit = async (...args: string[]) => {
      const result = await stagelight(project, ['run', ...args, '--', 'dvc', 'repro']);
      expect(result.exitCode, result.stderr).toBe(0);
      const { attributes } = readRun(project).spans.find(({ name }) => name === 'fit')!;
      const params = Object.entries(attributes).filter(([name]) => name.startsWith('dvc.param.'));
      return { params: Object.fromEntries(params), changed: attributes['dvc.stage.changed'] };
    };
    const change = (from: string, to: string): void => {
      const path = join(project, 'params.yaml');
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
    };
    const PARAMS = {
      'dvc.param.model.lr': 0.5,
      'dvc.param.model.layers': '[1,2]',
      'dvc.param.model.inner.depth': 3,
      'dvc.param.seed': 1,
      'dvc.param.other.yaml:seed': 2,
    };

    expect(await fit()).toEqual({ params: PARAMS, changed: ['new'] });
    change('depth: 3', 'depth: 4');
    const deeper = { ...PARAMS, 'dvc.param.model.inner.depth': 4 };
    expect(await fit()).toEqual({ params: deeper, changed: ['param:model.inner.depth'] });
    change('lr: 0.5', 'lr: 0.25');
    expect(await fit('--no-python-hook')).toEqual({
      params: { ...deeper, 'dvc.param.model.lr': 0.25 },
      changed: ['param:model.lr'],
    });
  },
);
