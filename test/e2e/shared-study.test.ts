import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { compareTimes } from '../../src/model/time.ts';
import type { StoredSpan } from '../../src/spool/signal-reader.ts';
import { createEnv, readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { runIn } from '../support/mlops-project.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { toUnixMicros } from '../support/unix-micros.ts';

/** `study.py make KIND`, `study.py work KIND`, `study.py list KIND`: in one study, which any number of processes share. */
const STUDY = `
import logging, sys, time
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

what, kind = sys.argv[1:]
storage = 'sqlite:///study.db' if kind == 'sqlite' else JournalStorage(JournalFileBackend('study.log'))

def objective(trial):
    logging.getLogger('app').warning('in trial %d', trial.number)
    time.sleep(0.05)
    return trial.suggest_float('x', 1, 2)

if what == 'make':
    optuna.create_study(study_name='shared', storage=storage)
else:
    study = optuna.load_study(study_name='shared', storage=storage)
    if what == 'work':
        study.optimize(objective, n_trials=4)
        open(f'{sys.argv[1]}-{time.time_ns()}.done', 'w').close()
    else:
        for trial in study.trials:
            moments = (trial.datetime_start.timestamp(), trial.datetime_complete.timestamp())
            print(trial.number, *(round(moment * 1000000) for moment in moments), trial.value)
        print('best', study.best_trial.number)
`;
const DVC_YAML = `
stages:
  work:
    matrix: {worker: [a, b]}
    cmd: python study.py work sqlite
    params: ["\${item.worker}"]
`;

function createProject(): string {
  const project = createTemporaryDir();
  mkdirSync(join(project, '.git'));
  writeFileSync(join(project, 'study.py'), STUDY);
  return project;
}

async function record(cwd: string, command: readonly string[]): Promise<RecordedRun> {
  const args = ['run', '-q', 'mlflow.enabled=false', '--', ...command];
  const { exitCode, stderr } = await stagelight(cwd, args);
  expect(exitCode, stderr).toBe(0);
  return readRun(cwd);
}

/** What Optuna's own storage has. */
async function list(cwd: string, kind: string): Promise<string[]> {
  const options = { cwd, env: createEnv(), extendEnv: false };
  const { stdout } = await execa('python', ['study.py', 'list', kind], options);
  return stdout.trim().split('\n').toSorted();
}

function toTrial({ attributes, start, end }: StoredSpan): string {
  const times = [start, end].map(toUnixMicros);
  return [attributes['optuna.trial.number'], ...times, attributes['optuna.trial.value']].join(' ');
}

/** Trials as the storage lists them, and the best one as their study has it. */
function describe({ spans }: RecordedRun): string[] {
  const studies = spans.filter(({ name }) => name === 'study');
  const best = studies.toSorted((a, b) => compareTimes(a.end, b.end)).at(-1)?.attributes[
    'optuna.study.best_trial'
  ];
  const trials = spans.filter(({ name }) => name === 'trial').map(toTrial);
  return [...trials, `best ${String(best)}`].toSorted();
}

/** Trials, and records of trials, that aren't in what they have to be in. */
function findMisplaced({ spans, lines }: RecordedRun): string[] {
  const trials = spans.filter(({ name }) => name === 'trial');
  const lost = trials.filter(({ parentSpanId, start, end }) => {
    const study = spans.find(({ spanId, name }) => name === 'study' && spanId === parentSpanId);
    return (
      study === undefined ||
      compareTimes(start, study.start) < 0 ||
      compareTimes(end, study.end) > 0
    );
  });
  const strayed = lines.filter(({ spanId, body }) => {
    const number = /^(?:in trial|Trial) (\d+)/.exec(String(body))?.[1];
    const trial = trials.find((each) => each.spanId === spanId);
    return number !== undefined && String(trial?.attributes['optuna.trial.number']) !== number;
  });
  return [...lost.map(toTrial), ...strayed.map(({ body }) => String(body))];
}

for (const kind of ['sqlite', 'journal']) {
  testWith('python', 'dvc')(
    `three processes share a study (${kind}): one study, each trial once, as the storage has it`,
    { timeout: 240_000 },
    async () => {
      const cwd = createProject();
      const work = `python study.py work ${kind}`;
      const script = `python study.py make ${kind} && { ${work} & ${work} & ${work} & wait; } && ${work}`;
      const run = await record(cwd, ['sh', '-c', script]);

      expect(describe(run)).toEqual(await list(cwd, kind));
      expect(run.spans.filter(({ name }) => name === 'trial')).toHaveLength(16);
      expect(run.spans.filter(({ name }) => name === 'study')).toHaveLength(1);
      expect(findMisplaced(run)).toEqual([]);
      expect(run.lines.filter(({ body }) => /^in trial \d+$/.test(String(body)))).toHaveLength(16);
      expect(run.info.counts).toMatchObject({ trials: 16, dropped: 0 });
    },
  );
}

testWith('python', 'dvc')(
  'two stages of a matrix share a study: each trial is in the stage that made it',
  { timeout: 240_000 },
  async () => {
    const cwd = createProject();
    writeFileSync(join(cwd, 'dvc.yaml'), DVC_YAML);
    writeFileSync(join(cwd, 'params.yaml'), 'a: 1\nb: 1\n');
    await runIn(cwd, ['dvc', 'init', '--no-scm', '-q']);
    await runIn(cwd, ['python', 'study.py', 'make', 'sqlite']);
    const run = await record(cwd, ['dvc', 'repro']);

    expect(describe(run)).toEqual(await list(cwd, 'sqlite'));
    expect(findMisplaced(run)).toEqual([]);
    const stages = run.spans.filter(({ name }) => name.startsWith('work@'));
    const counts = stages.map((stage) => {
      const study = run.spans.find(
        ({ name, parentSpanId }) => name === 'study' && parentSpanId === stage.spanId,
      );
      const trials = run.spans.filter(({ parentSpanId }) => parentSpanId === study?.spanId);
      return `${stage.name}: ${trials.length}`;
    });
    expect(counts.toSorted()).toEqual(['work@a: 4', 'work@b: 4']);
  },
);

/** `ask.py KIND`, `tell.py KIND`, `list.py KIND`: trials that one process asks for and another one tells. */
const ASKED = {
  'common.py': `
import sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

def load():
    is_sqlite = sys.argv[1] == 'sqlite'
    storage = 'sqlite:///study.db' if is_sqlite else JournalStorage(JournalFileBackend('study.log'))
    return optuna.create_study(study_name='shared', storage=storage, load_if_exists=True)
`,
  'ask.py': `
from common import load
study = load()
for number in range(5):
    study.ask().suggest_float('x', 1, 2)
`,
  'tell.py': `
import optuna
from common import load
study = load()
study.tell(0, 0.25)
study.tell(1, state=optuna.trial.TrialState.FAIL)
study.tell(2, state=optuna.trial.TrialState.PRUNED)
study.tell(3, 0.75)
study.tell(3, 0.5, skip_if_finished=True)
`,
  'list.py': `
from common import load
for trial in load().trials:
    moments = (trial.datetime_start, trial.datetime_complete)
    times = [round(moment.timestamp() * 1000000) if moment else '-' for moment in moments]
    print(trial.number, trial.state.name, *times, trial.value, trial.params['x'])
`,
};
const TWO_STAGES = `
stages:
  ask:
    cmd: python ask.py sqlite && touch asked
    outs: [asked]
  tell:
    cmd: python tell.py sqlite
    deps: [asked]
`;

function createAskedProject(): string {
  const project = createTemporaryDir();
  mkdirSync(join(project, '.git'));
  for (const [name, text] of Object.entries(ASKED)) writeFileSync(join(project, name), text);
  return project;
}

async function listAsked(cwd: string, kind: string): Promise<string[]> {
  const options = { cwd, env: createEnv(), extendEnv: false };
  const { stdout } = await execa('python', ['list.py', kind], options);
  return stdout.trim().split('\n');
}

/** As `list.py` has them. One that nobody has told has no end in the storage. */
function describeAsked({ spans }: RecordedRun): string[] {
  const trials = spans.filter(({ name }) => name === 'trial');
  return trials
    .map(({ attributes, start, end }) => {
      const state = attributes['optuna.trial.state'];
      const [from, to] = [start, end].map(toUnixMicros);
      const value = attributes['optuna.trial.value'] ?? 'None';
      const x = attributes['optuna.trial.param.x'];
      return [
        attributes['optuna.trial.number'],
        state,
        from,
        state === 'RUNNING' ? '-' : to,
        value,
        x,
      ].join(' ');
    })
    .toSorted();
}

for (const kind of ['sqlite', 'journal']) {
  testWith('python', 'dvc')(
    `trials that one process asks for and another one tells are one each, as the storage has them (${kind})`,
    { timeout: 240_000 },
    async () => {
      const cwd = createAskedProject();
      const run = await record(cwd, [
        'sh',
        '-c',
        `python ask.py ${kind} && python tell.py ${kind}`,
      ]);
      const [trials, listed] = [describeAsked(run), await listAsked(cwd, kind)];
      expect(trials.slice(0, 4)).toEqual(listed.slice(0, 4));
      // Nobody knows of its parameters but the storage.
      expect(trials.slice(4)).toEqual([listed[4]!.replace(/ [\d.]+$/, ' ')]);
      expect(run.spans.filter(({ name }) => name === 'study')).toHaveLength(1);
      const values = run.records.filter(
        ({ attributes }) => attributes['mlops.metric.name'] === 'value',
      );
      expect(values).toHaveLength(2);
      expect(findMisplaced(run)).toEqual([]);
    },
  );
}

testWith('python', 'dvc')(
  'a trial that one stage asks for and another one tells is in the stage that asked',
  { timeout: 240_000 },
  async () => {
    const cwd = createAskedProject();
    writeFileSync(join(cwd, 'dvc.yaml'), TWO_STAGES);
    await runIn(cwd, ['dvc', 'init', '--no-scm', '-q']);
    const run = await record(cwd, ['dvc', 'repro']);
    expect(describeAsked(run).slice(0, 4)).toEqual((await listAsked(cwd, 'sqlite')).slice(0, 4));
    const [study, ...others] = run.spans.filter(({ name }) => name === 'study');
    const ask = run.spans.find(({ name }) => name === 'ask');
    expect([study?.parentSpanId, others]).toEqual([ask?.spanId, []]);
    expect(study?.isError).toBe(false);
    const trials = run.spans.filter(({ name }) => name === 'trial');
    expect(trials.map(({ parentSpanId }) => parentSpanId)).toEqual(trials.map(() => study?.spanId));
  },
);
