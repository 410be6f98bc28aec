import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
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

testWith('dvc', 'git')(
  'why a stage ran is said where nothing that it depends on has changed, and which commands it ran',
  { timeout: 120_000 },
  async () => {
    const project = join(createTemporaryDir(), 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'dvc.yaml'), STAGES);
    await runIn(project, ['git', 'init', '-q']);
    await runIn(project, ['dvc', 'init', '-q']);
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
