import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { toUnixMicros } from '../support/unix-micros.ts';

const STUDY = `import optuna, time
study = optuna.create_study(study_name="s", storage="sqlite:///s.db")
study.optimize(lambda trial: time.sleep(0.02) or trial.suggest_float("x", 1, 2), n_trials=4, n_jobs=2)
trial = study.ask()
study.tell(trial, 0.5)
for trial in study.trials:
    moments = (trial.datetime_start.timestamp(), trial.datetime_complete.timestamp())
    print(trial.number, *(round(moment * 1000000) for moment in moments), trial.value, trial.user_attrs["stagelight.run_id"])
`;

testWith('python', 'optuna')(
  'trials have the times and values that Optuna’s own storage has, and that has the run’s ID',
  { timeout: 120_000 },
  async () => {
    const folder = createTemporaryDir();
    writeFileSync(join(folder, 'study.py'), STUDY);

    const { stdout, exitCode, stderr } = await stagelight(folder, [
      'run',
      '--',
      'python',
      'study.py',
    ]);

    expect(exitCode, stderr).toBe(0);
    const run = readRun(folder);
    const found = run.spans
      .filter(({ name }) => name === 'trial')
      .map(({ attributes, start, end }) =>
        [
          Number(attributes['optuna.trial.number']),
          toUnixMicros(start),
          toUnixMicros(end),
          Number(attributes['optuna.trial.value']),
          run.info.runId,
        ].join(' '),
      );
    expect(found.toSorted()).toEqual(stdout.trim().split('\n').toSorted());
    expect(found).toHaveLength(5);
  },
);
