import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createEnv, stagelight } from '../support/cli.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { createProject } from '../config/project.ts';
import { choosePython } from '../python/programs.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const SCRIPT = `import hydra
import mlflow


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(config):
    pass
`;
const DVC_YAML = `stages:
  train:
    cmd: python train.py
    deps: [train.py, conf]
    outs: [model.txt]
  report:
    cmd: python report.py
    deps: [model.txt]
`;
const FILES = {
  'train.py': SCRIPT,
  'conf/config.yaml': 'lr: 0.1\n',
  'conf/logging_utils/base.yaml':
    "formatter: '%(asctime)s %(levelname)s:%(message)s'\nlevel: 20\noutput: ${hydra.run.dir}\n",
  'dvc.yaml': DVC_YAML,
};

test('a project is looked at, and nothing is written without a yes', async () => {
  const project = createProject(FILES);

  const { stdout, exitCode } = await stagelight(project, ['init']);

  expect(exitCode).toBe(0);
  expect(stdout).toContain('DVC (2 stages), Hydra, MLflow');
  expect(stdout).toContain('from: "conf/logging_utils/base.yaml"');
  expect(stdout).toContain('No stage runs again for it.');
  expect(stdout).toContain('say --yes');
  expect(existsSync(join(project, 'stagelight.yaml'))).toBe(false);
});

test('what it writes is a configuration that holds', async () => {
  const project = createProject(FILES);
  await stagelight(project, ['init', '--yes']);

  const run = await stagelight(project, [
    'run',
    '--',
    'sh',
    '-c',
    'echo "2026-01-01 00:00:00,000 INFO:hello"',
  ]);
  const { stdout } = await stagelight(project, ['logs']);

  expect(run.exitCode, run.stderr).toBe(0);
  expect(stdout).toMatch(/ INFO:hello$/m);
  expect((await stagelight(project, ['init', '--yes'])).stdout).toContain(
    'stagelight.yaml is there already',
  );
});

test('the stages that would run again for a file are named before it is written', async () => {
  const project = createProject(FILES);

  const { stdout } = await stagelight(project, ['init', 'hydra']);

  expect(stdout).toContain('Stages that would run again, since they depend on its folder: train');
  expect(stdout).toContain('Stages that depend on that file run again for it: train');
});

test('a file that is there already is left alone', async () => {
  const group = 'conf/hydra/job_logging/stagelight.yaml';
  const project = createProject({ ...FILES, [group]: 'mine: true\n' });

  const { stdout } = await stagelight(project, ['init', 'hydra', '--yes']);

  expect(stdout).toContain('left alone');
  expect(readFileSync(join(project, group), 'utf8')).toBe('mine: true\n');
});

test('a log file in an output of a stage is told of: the ID would make it another one each run', async () => {
  const project = createProject({
    ...FILES,
    'conf/config.yaml': 'hydra: { run: { dir: "out/logs/${now:%Y}" } }\n',
    'dvc.yaml': DVC_YAML.replace('outs: [model.txt]', 'outs: [model.txt, out]'),
  });

  const { stdout } = await stagelight(project, ['init', 'hydra', '--yes']);

  expect(stdout).toContain('lies in an output of train');
});

testWith('python')('the config group is one that Hydra takes', async (context) => {
  const python = choosePython(['hydra'], context);
  const project = createProject({
    ...FILES,
    'train.py': `import logging\n${SCRIPT.replace('import mlflow\n', '').replace('pass', 'logging.info("hello")')}\n\nmain()\n`,
  });
  await stagelight(project, ['init', 'hydra', '--yes']);

  const { stdout } = await execa(python, ['train.py', 'hydra/job_logging=stagelight'], {
    cwd: project,
    extendEnv: false,
    env: createEnv({ STAGELIGHT_RUN_ID: 'a'.repeat(32), DVC_STAGE: 'train' }),
  });

  expect(stdout).toMatch(/^\[[^\]]+\]\[a{32}\]\[train\]\[root\]\[INFO\] - hello$/);
});

testWith('python3')(
  'a virtual environment starts the hook itself, until it is undone',
  { timeout: 120_000 },
  async () => {
    const folder = createTemporaryDir();
    await execa(findProgram('python3')!, ['-m', 'venv', '--without-pip', join(folder, 'v')]);
    const python = join(folder, 'v', 'bin', 'python');
    const log = ['run', '--', python, '-I', '-c', 'import logging; logging.warning("isolated")'];
    const isHooked = async (): Promise<boolean> => {
      await stagelight(folder, log);
      const { stdout } = await stagelight(folder, ['logs', '--json']);
      return stdout.includes('thread.name');
    };

    expect(await isHooked()).toBe(false);
    await stagelight(folder, ['init', 'venv', '--python', python, '--yes']);
    expect(await isHooked()).toBe(true);
    const outside = await execa(python, ['-c', 'import stagelight; print(stagelight.span)']);
    expect(outside.stdout).toContain('function span');
    await stagelight(folder, ['init', 'venv', '--python', python, '--undo']);
    expect(await isHooked()).toBe(false);
  },
);

test('a Python that is none is said in a line', async () => {
  const { stderr, exitCode } = await stagelight(createTemporaryDir(), [
    'init',
    'venv',
    '--python',
    '/no/python',
  ]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain("can't run /no/python");
});
