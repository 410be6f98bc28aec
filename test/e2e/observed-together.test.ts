import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { readRunInfo } from '../../src/spool/run-file.ts';
import { CLI, createEnv, findRunDirs, readRun } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { findMiscounted } from '../support/coverage.ts';
import { runIn } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

/** Each stage logs five records and prints two lines, all with names of their own. */
const STAGE = `
import logging, sys
name = sys.argv[1]
logging.basicConfig(level=20, stream=sys.stdout, format='[%(asctime)s][%(name)s][%(levelname)s] - %(message)s')
log = logging.getLogger('app')
log.info('LOG %s 1', name)
print(f'PRINT {name} 1')
log.warning('LOG %s 2', name)
log.info(f'LOG {name} 3\\nsecond line of it')
print(f'PRINT {name} 2', file=sys.stderr)
try:
    1 / 0
except Exception:
    log.exception('LOG %s 4', name)
log.info('the same')
print('the same')
open(f'{name}.txt', 'w').write(open('params.yaml').read())
`;
const DVC_YAML = `
stages:
  one: {cmd: python stage.py one, deps: [stage.py], params: [p], outs: [one.txt]}
  two: {cmd: [python stage.py two, sh say.sh], deps: [stage.py, one.txt], outs: [two.txt]}
`;
const FLOW = `
import subprocess
from prefect import flow, get_run_logger, task

@task
def repro():
    log = get_run_logger()
    log.info('LOG task 1')
    with subprocess.Popen(['dvc', 'repro', '-f'], stdout=-1, stderr=-2, text=True) as process:
        for line in process.stdout:
            log.info(line.rstrip())

@flow
def pipeline():
    get_run_logger().info('LOG flow 1')
    print('PRINT flow 1')
    repro()

pipeline()
`;
const REDIRECT = `
import subprocess
with open('../repro.log', 'w') as file:
    subprocess.run(['dvc', 'repro', '-f'], stdout=file, stderr=-2)
print('PRINT flow 1')
`;
const ONCE = [1, 2, 3, 4].map((number) => `LOG ? ${number}`).concat('PRINT ? 1', 'PRINT ? 2');
const EXPECTED = ['one', 'two']
  .flatMap((stage) => ONCE.map((text) => text.replace('?', stage)))
  .concat('PRINT shell 1');

const template = mkdtempSync(join(tmpdir(), 'stagelight-template-'));
afterAll(() => rmSync(template, { recursive: true, force: true }));
const hasDvc = findProgram('dvc') !== undefined;
beforeAll(async () => {
  if (!hasDvc) return;
  writeFileSync(join(template, 'stage.py'), STAGE);
  writeFileSync(join(template, 'say.sh'), 'echo PRINT shell 1\n');
  writeFileSync(join(template, 'dvc.yaml'), DVC_YAML);
  writeFileSync(join(template, 'params.yaml'), 'p: 1\n');
  writeFileSync(join(template, 'flow.py'), FLOW);
  writeFileSync(join(template, 'redirect.py'), REDIRECT);
  await runIn(template, ['git', 'init', '-q', '-b', 'main']);
  await runIn(template, ['dvc', 'init', '-q']);
  await runIn(template, ['git', 'add', '-A']);
  const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'] as const;
  await runIn(template, ['git', ...author, 'commit', '-q', '-m', 'the project']);
}, 120_000);

function createProject(folder = join(createTemporaryDir(), 'project')): string {
  cpSync(template, folder, { recursive: true });
  return folder;
}

async function record(cwd: string, command: readonly string[], settings: readonly string[] = []) {
  const args = ['run', '-q', 'mlflow.enabled=false', ...settings, '--', ...command];
  const { stdout, stderr, exitCode } = await execa(process.execPath, [CLI, ...args], {
    cwd,
    extendEnv: false,
    env: createEnv({
      PREFECT_HOME: join(cwd, '..', 'prefect'),
      SHELL: '/bin/bash',
    }),
    stdin: 'ignore',
    reject: false,
    stripFinalNewline: false,
  });
  return { run: readRun(cwd), stdout, stderr, exitCode };
}

/** The names in the first lines of records, each as often as it is there. */
function toNames({ lines }: RecordedRun): string[] {
  return lines
    .map(({ body }) => /^(?:LOG|PRINT) \w+ \d/.exec(String(body))?.[0])
    .filter((name) => name !== undefined)
    .toSorted();
}

/** Where each named record is: its stage. */
function findMisplaced({ lines }: RecordedRun): string[] {
  return lines
    .filter(({ body, attributes }) => {
      const stage = /^(?:LOG|PRINT) (one|two) \d/.exec(String(body))?.[1];
      return stage !== undefined && attributes['cicd.pipeline.task.name'] !== stage;
    })
    .map(({ body }) => String(body));
}

function findStages({ spans }: RecordedRun) {
  return spans.filter(({ attributes }) => attributes['dvc.stage.name'] !== undefined);
}

function findCommands({ spans }: RecordedRun) {
  return spans.filter(({ attributes }) => attributes['process.command_line'] !== undefined);
}

const withDvc = testWith('dvc', 'python');

withDvc(
  'dvc repro: every record and line once, in its stage; each command has its span',
  { timeout: 240_000 },
  async () => {
    const { run, stdout, stderr } = await record(createProject(), ['dvc', 'repro']);

    expect(toNames(run)).toEqual(EXPECTED.toSorted());
    expect(findMiscounted(run, 'stdout', stdout)).toEqual([]);
    expect(findMiscounted(run, 'stderr', stderr)).toEqual([]);
    expect(run.lines.filter(({ body }) => body === 'the same')).toHaveLength(4);
    const stages = findStages(run);
    expect(stages.map(({ name }) => name).toSorted()).toEqual(['one', 'two']);
    const commands = findCommands(run).map(({ name, parentSpanId, attributes }) => {
      const stage = stages.find(({ spanId }) => spanId === parentSpanId)?.name;
      return `${stage}: ${name} ${String(attributes['process.exit.code'])}`;
    });
    expect(commands.toSorted()).toEqual(['one: python 0', 'two: python 0', 'two: sh 0']);
  },
);

withDvc(
  'without the hook the shell and the console tell of the same executions',
  { timeout: 240_000 },
  async () => {
    const { run } = await record(createProject(), ['dvc', 'repro'], ['python.hook=false']);

    const stages = findStages(run);
    expect(stages.map(({ name }) => name).toSorted()).toEqual(['one', 'two']);
    const parents = findCommands(run).map(({ parentSpanId }) => parentSpanId);
    expect(parents.every((parent) => stages.some(({ spanId }) => spanId === parent))).toBe(true);
    expect(parents).toHaveLength(3);
    expect(run.lines.filter(({ body }) => body === 'the same')).toHaveLength(4);
  },
);

withDvc(
  'a script that sends the output of dvc repro to a file: the same records, and the same file',
  { timeout: 240_000 },
  async () => {
    for (const settings of [[], ['python.hook=false']]) {
      const project = createProject();
      const { run, stdout } = await record(project, ['python', 'redirect.py'], settings);

      expect(toNames(run)).toEqual([...EXPECTED, 'PRINT flow 1'].toSorted());
      expect(findMisplaced(run)).toEqual([]);
      expect(findStages(run).map(({ name }) => name)).toEqual(['one', 'two']);
      expect(findMiscounted(run, 'stdout', stdout)).toEqual([]);
      const file = readFileSync(join(project, '..', 'repro.log'), 'utf8');
      const printed = file.split('\n').filter((line) => /PRINT|LOG|the same/.test(line));
      expect(printed).toHaveLength(2 * 8 + 1);
    }
  },
);

testWith('dvc', 'python', 'prefect')(
  'a Prefect flow that logs what dvc repro prints',
  { timeout: 400_000 },
  async () => {
    const { run, stdout, stderr } = await record(createProject(), ['python', 'flow.py']);

    const flow = ['LOG flow 1', 'LOG task 1', 'PRINT flow 1'];
    expect(toNames(run)).toEqual([...EXPECTED, ...flow].toSorted());
    expect(findMisplaced(run)).toEqual([]);
    expect(findMiscounted(run, 'stdout', stdout)).toEqual([]);
    expect(findMiscounted(run, 'stderr', stderr)).toEqual([]);
    const task = run.spans.filter(({ name }) => name === 'repro');
    expect(task).toHaveLength(1);
    expect(findStages(run).map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['one', task[0]!.spanId],
      ['two', task[0]!.spanId],
    ]);
  },
);

withDvc('dvc exp run, and in a folder of its own', { timeout: 300_000 }, async () => {
  const project = createProject();
  for (const more of [[], ['--temp']]) {
    const command = ['dvc', 'exp', 'run', '-S', `p=${more.length + 2}`, ...more];
    const { run } = await record(project, command);

    expect(toNames(run)).toEqual(EXPECTED.toSorted());
    expect(findMisplaced(run)).toEqual([]);
    const [one] = findStages(run);
    expect(one?.attributes['dvc.param.p']).toBe(more.length + 2);
    expect(one?.attributes['dvc.stage.outcome']).toBe('ran');
  }
});

withDvc('two dvc repro at once, with stages of the same names', { timeout: 300_000 }, async () => {
  const folder = createTemporaryDir();
  for (const name of ['a', 'b']) createProject(join(folder, name));
  mkdirSync(join(folder, '.stagelight'));
  const script = '(cd a; dvc repro) & (cd b; dvc repro) & wait';
  const { run, stdout } = await record(folder, ['sh', '-c', script]);

  expect(toNames(run)).toEqual([...EXPECTED, ...EXPECTED].toSorted());
  expect(findMiscounted(run, 'stdout', stdout)).toEqual([]);
  expect(
    findStages(run)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['one', 'one', 'two', 'two']);
});

withDvc('dvc.lock and dvc status are the same with and without', { timeout: 300_000 }, async () => {
  const [alone, watched] = [createProject(), createProject()];
  await runIn(alone, ['dvc', 'repro']);
  await record(watched, ['dvc', 'repro']);

  const locks = [alone, watched].map((project) => readFileSync(join(project, 'dvc.lock'), 'utf8'));
  // Their folders differ, and with them what the traceback in no output says.
  expect(locks[1]).toBe(locks[0]);
  expect(await runIn(watched, ['dvc', 'status'])).toBe(await runIn(alone, ['dvc', 'status']));
});

withDvc(
  'dvc queue: each experiment is a run of its own, linked to the one that started the worker',
  { timeout: 300_000 },
  async () => {
    const project = createProject();
    for (const p of [7, 8]) await runIn(project, ['dvc', 'exp', 'run', '--queue', '-S', `p=${p}`]);
    await record(project, ['dvc', 'queue', 'start', '-j', '1']);
    const runs = await waitForRuns(project, 3);
    const started = runs.at(-1)!; // the oldest
    const experiments = runs.filter(({ info }) => info.runId !== started.info.runId);

    expect(experiments).toHaveLength(2);
    for (const run of experiments) {
      expect(run.info).toMatchObject({ state: 'finished', result: 'success' });
      expect(toNames(run)).toEqual(EXPECTED.toSorted());
      expect(findMisplaced(run)).toEqual([]);
      const [root] = run.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
      expect(root?.links.map(({ traceId }) => traceId)).toEqual([started.info.runId]);
    }
    const values = experiments.map((run) => findStages(run)[0]?.attributes['dvc.param.p']);
    expect(new Set(values)).toEqual(new Set([7, 8]));
  },
);

/** The runs of a project, when there are as many and all have ended. */
async function waitForRuns(project: string, count: number): Promise<RecordedRun[]> {
  const read = (): RecordedRun[] => findRunDirs(project).map((_, index) => readRun(project, index));
  await waitFor(() => {
    const infos = findRunDirs(project).map((runDir) => readRunInfo(runDir));
    return infos.length === count && infos.every((info) => info?.state === 'finished');
  }, 240_000);
  return read();
}
