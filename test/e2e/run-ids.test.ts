import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const PROGRAM = `
import os, sys, hydra, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

@hydra.main(version_base=None, config_path='conf', config_name='config')
def main(config):
    study = optuna.create_study(storage='sqlite:///study.db', study_name='kept')
    study.optimize(lambda trial: trial.suggest_float('x', 0, 1), n_trials=1)
    for name in ('other', 'logged'):
        journal = JournalStorage(JournalFileBackend('study.log'))
        optuna.create_study(storage=journal, study_name=name)
    study = optuna.load_study(storage=journal, study_name='logged')
    study.optimize(lambda trial: 1.0, n_trials=1)
    optuna.create_study(study_name='lost').optimize(lambda trial: 1.0, n_trials=1)

main()
`;

testWith('python', 'dvc')(
  'verify says which of the tools in a run carry its ID',
  { timeout: 240_000 },
  async () => {
    const cwd = createTemporaryDir();
    mkdirSync(join(cwd, 'conf'));
    writeFileSync(join(cwd, 'conf', 'config.yaml'), 'run: ${oc.env:STAGELIGHT_RUN_ID,null}\n');
    writeFileSync(join(cwd, 'program.py'), PROGRAM);
    await stagelight(cwd, ['run', '-q', 'mlflow.enabled=false', '--', 'python', 'program.py']);
    const { runDir } = readRun(cwd);
    // It has no backend to ask.
    const { stdout, exitCode } = await stagelight(cwd, ['verify', runDir, '--json']);

    expect(exitCode).toBe(2);
    const { ids } = JSON.parse(stdout) as { ids: Record<string, string>[] };
    const said = ids.map(({ tool, where, carries }) => `${tool} ${where}: ${carries}`).toSorted();
    expect(said).toEqual([
      // In its files the interpolation stands as it was written.
      expect.stringMatching(/^hydra .*\/outputs\/.*: no$/),
      'optuna study kept: yes',
      'optuna study logged: yes',
      'optuna study lost: unknown',
    ]);
  },
);
