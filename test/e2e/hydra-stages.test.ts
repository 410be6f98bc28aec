import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse } from 'yaml';
import { COUNTER_FOLDER, readCounted } from '../python/programs.ts';
import { readRunInfo } from '../../src/spool/run-file.ts';
import { findRunDirs, readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { findMiscounted } from '../support/coverage.ts';
import { runIn } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

/** Five records with names or without, two of them of several lines, and two prints, one of them like a record. */
const STAGE = `
import logging, sys
import hydra

log = logging.getLogger('app')
name = sys.argv[1].partition('=')[2]

@hydra.main(version_base=None, config_path='conf', config_name='config')
def main(cfg):
    log.info('LOG %s 1', cfg.name)
    print(f'PRINT {cfg.name} 1')
    log.warning('LOG %s 2\\nsecond line of it', cfg.name)
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception('LOG %s 3', cfg.name)
    for _ in range(3):
        log.info('the same')
    print('the same')
    with open(f'{cfg.name}.txt', 'w') as file:
        file.write(f'{cfg.name} {cfg.lr}')

main()
`;
const CONFIG = `
name: none
lr: 0.1
path: \${hydra:run.dir}/model
service: {user: ada, password: hunter22-of-ada}
`;
const DVC_YAML = `
stages:
  train:
    cmd: python stage.py name=train lr=\${lr}
    deps: [stage.py, conf/config.yaml]
    params: [lr]
    outs: [train.txt]
  evaluate:
    cmd: python stage.py name=evaluate lr=\${lr}
    deps: [stage.py, train.txt]
    outs: [evaluate.txt]
`;
/** As real projects have it: Hydra around Prefect, dvc.yaml made anew, DVC's output in a file, twice. */
const FLOW = `
import logging, subprocess
import hydra
import yaml
from prefect import flow, get_run_logger, task

log = logging.getLogger('pipeline')

@task
def write_stages(lr):
    get_run_logger().info('LOG write 1')
    stages = {
        name: {
            'cmd': f'python stage.py name={name} lr={lr}',
            'deps': ['stage.py', *deps],
            'outs': [f'{name}.txt'],
        }
        for name, deps in (('train', []), ('evaluate', ['train.txt']))
    }
    with open('dvc.yaml', 'w') as file:
        yaml.safe_dump({'stages': stages}, file)

@task
def repro(number):
    log.info('LOG repro %d', number)
    with open(f'../repro-{number}.log', 'w') as file:
        subprocess.run(['dvc', 'repro'], stdout=file, stderr=subprocess.STDOUT, check=True)

@flow
def pipeline(lrs):
    for number, lr in enumerate(lrs):
        write_stages(lr)
        repro(number)
    print('PRINT flow 1')

@hydra.main(version_base=None, config_path='conf', config_name='flow')
def main(cfg):
    log.info('LOG flow 1')
    pipeline(list(cfg.lrs))

main()
`;

const template = mkdtempSync(join(tmpdir(), 'stagelight-hydra-template-'));
afterAll(() => rmSync(template, { recursive: true, force: true }));
beforeAll(async () => {
  if (findProgram('dvc') === undefined) return;
  mkdirSync(join(template, 'conf'));
  writeFileSync(join(template, 'stage.py'), STAGE);
  writeFileSync(join(template, 'flow.py'), FLOW);
  writeFileSync(join(template, 'conf', 'config.yaml'), CONFIG);
  writeFileSync(join(template, 'conf', 'flow.yaml'), 'lrs: [0.25, 0.5]\n');
  writeFileSync(join(template, 'dvc.yaml'), DVC_YAML);
  writeFileSync(join(template, 'params.yaml'), 'lr: 0.2\n');
  writeFileSync(join(template, '.gitignore'), 'outputs\n*.txt\n');
  await runIn(template, ['git', 'init', '-q', '-b', 'main']);
  await runIn(template, ['dvc', 'init', '-q']);
  await runIn(template, ['git', 'add', '-A']);
  const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'] as const;
  await runIn(template, ['git', ...author, 'commit', '-q', '-m', 'the project']);
}, 120_000);

async function record(command: readonly string[], settings: readonly string[] = []) {
  const folder = createTemporaryDir();
  const cwd = join(folder, 'project');
  cpSync(template, cwd, { recursive: true });
  const counter = join(folder, 'counted');
  const env = {
    PREFECT_HOME: join(folder, 'prefect'),
    COUNTED: counter,
    PYTHONPATH: COUNTER_FOLDER,
  };
  const args = ['run', '-q', 'mlflow.enabled=false', ...settings, '--', ...command];
  const result = await stagelight(cwd, args, { env });
  expect(result.exitCode, result.stderr).toBe(0);
  const { stdout, stderr } = result;
  return { run: readRun(cwd), folder, counted: readCounted(counter), stdout, stderr };
}

/** Those of the project's own. */
const OWN = /^(?:app|pipeline|prefect\.(?:task_runs|flow_runs))$/;

function toOwn(records: readonly (readonly [logger: string, message: string])[]): string[] {
  return records
    .filter(([logger]) => OWN.test(logger))
    .map(([logger, message]) => `${logger}: ${message.split('\n')[0]}`)
    .toSorted();
}

function toLogged({ lines }: RecordedRun): string[] {
  return toOwn(lines.map(({ logger, body }) => [logger, String(body)]));
}

function findStages({ spans }: RecordedRun) {
  return spans.filter(({ attributes }) => attributes['dvc.stage.name'] !== undefined);
}

function readConfig(config: unknown): unknown {
  return parse(String(config));
}

testWith('dvc', 'python')(
  'dvc exp run --temp: what Hydra has composed in the copy that is deleted is with its stage',
  { timeout: 240_000 },
  async () => {
    const { run, counted } = await record(['dvc', 'exp', 'run', '--temp', '-S', 'lr=0.7']);

    expect(toLogged(run)).toEqual(toOwn(counted.map(([, , ...rest]) => rest)));
    const stages = findStages(run);
    expect(stages.map(({ name }) => name)).toEqual(['train', 'evaluate']);
    for (const { name, attributes } of stages) {
      expect(attributes['hydra.overrides']).toEqual([`name=${name}`, 'lr=0.7']);
      expect(attributes['hydra.job.name']).toBe('stage');
      expect(attributes['hydra.run.dir']).toMatch(/^outputs\/[\d-]+\/[\d-]+$/);
      expect(readConfig(attributes['hydra.config'])).toEqual({
        name,
        lr: 0.7,
        path: '${hydra:run.dir}/model',
        service: { user: 'ada', password: '***' },
      });
    }
    expect(stages[0]!.attributes['dvc.outs']).toEqual([
      expect.stringMatching(/^train\.txt \w+ \d+$/),
    ]);
  },
);

testWith('dvc', 'python')(
  'an experiment of dvc queue: what Hydra has composed is with the stages of its own run',
  { timeout: 400_000 },
  async () => {
    const queue = 'dvc exp run --queue -S lr=0.3 && dvc queue start -j 1';
    const { folder } = await record(['sh', '-c', queue]);
    const project = join(folder, 'project');
    const read = (): RecordedRun[] =>
      findRunDirs(project).map((_, index) => readRun(project, index));
    await waitFor(() => {
      const infos = findRunDirs(project).map((runDir) => readRunInfo(runDir));
      return infos.length === 2 && infos.every((info) => info?.state === 'finished');
    }, 240_000);

    const stages = read().flatMap((run) => findStages(run));
    const overrides = stages.map(({ attributes }) => attributes['hydra.overrides']);
    expect(overrides).toEqual([
      ['name=train', 'lr=0.3'],
      ['name=evaluate', 'lr=0.3'],
    ]);
  },
);

testWith('dvc', 'python')(
  'a stage whose Hydra keeps nothing: what it has composed is told by its process, as its files would say it',
  { timeout: 240_000 },
  async () => {
    const nothing = 'python stage.py name=train hydra.output_subdir=null hydra.run.dir=.';
    const kept = await record(['dvc', 'repro', 'train'], ['python.hook=false']);
    const told = await record(['dvc', 'repro', 'train']);
    const shell = await record(['sh', '-c', nothing]);

    const [fromFiles, fromProcess] = [kept, told].map(({ run }) => findStages(run)[0]!.attributes);
    for (const name of ['hydra.config', 'hydra.overrides', 'hydra.job.name'])
      expect(fromProcess![name], name).toEqual(fromFiles![name]);
    const root = shell.run.spans.find(({ parentSpanId }) => parentSpanId === undefined);
    expect(readConfig(root?.attributes['hydra.config'])).toMatchObject({ name: 'train', lr: 0.1 });
  },
);

testWith('dvc', 'python', 'prefect')(
  'a Prefect and Hydra flow that makes dvc.yaml anew and sends the output of dvc repro to a file',
  { timeout: 400_000 },
  async () => {
    const { run, counted, folder, stdout, stderr } = await record(['python', 'flow.py']);

    const expected = toOwn(counted.map(([, , ...rest]) => rest));
    expect(expected.filter((text) => text === 'app: the same')).toHaveLength(12);
    expect(toLogged(run)).toEqual(expected);
    expect(findMiscounted(run, 'stdout', `${stdout}\n`)).toEqual([]);
    expect(findMiscounted(run, 'stderr', stderr === '' ? '' : `${stderr}\n`)).toEqual([]);

    const printed = run.lines.map(({ body }) => String(body));
    for (const stage of ['train', 'evaluate'])
      expect(printed.filter((body) => body === `PRINT ${stage} 1`)).toHaveLength(2);
    for (const number of [0, 1]) {
      const file = readFileSync(join(folder, `repro-${number}.log`), 'utf8').split('\n');
      expect(file.filter((line) => line === 'the same')).toHaveLength(2);
      expect(file.filter((line) => line.endsWith('[app][INFO] - the same'))).toHaveLength(6);
    }

    const stages = findStages(run);
    const rounds = ['0.25', '0.5'];
    expect(stages.map(({ name, attributes }) => [name, attributes['hydra.overrides']])).toEqual(
      rounds.flatMap((lr) =>
        ['train', 'evaluate'].map((name) => [name, [`name=${name}`, `lr=${lr}`]]),
      ),
    );
    const tasks = run.spans.filter(({ name }) => name === 'repro');
    expect(tasks).toHaveLength(2);
    expect(stages.map(({ parentSpanId }) => parentSpanId)).toEqual(
      tasks.flatMap(({ spanId }) => [spanId, spanId]),
    );
    for (const { spanId, attributes } of stages) {
      expect(attributes['dvc.stage.outcome']).toBe('ran');
      expect(readConfig(attributes['hydra.config'])).toMatchObject({
        name: attributes['dvc.stage.name'],
      });
      const own = run.lines.filter((line) => line.spanId === spanId && line.logger === 'app');
      expect(own).toHaveLength(6);
    }
    const root = run.spans.find(({ parentSpanId }) => parentSpanId === undefined);
    expect(readConfig(root?.attributes['hydra.config'])).toEqual({ lrs: [0.25, 0.5] });
    expect(new Set(run.spans.map(({ spanId }) => spanId)).size).toBe(run.spans.length);
  },
);
