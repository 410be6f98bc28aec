import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import {
  COUNTER_FOLDER,
  SCENARIOS,
  choosePython,
  readCounted,
  toCommand,
} from '../python/programs.ts';
import type { Scenario } from '../python/programs.ts';
import { CLI, createEnv, readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { findDoubledAttributes, findMiscounted } from '../support/coverage.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

/** Of the programs that the hook is tested with, those whose records are seen in more ways than one. */
const NAMES = [
  'dvc-repro',
  'exception-chained',
  'excepthook-replaced',
  'fork-raw',
  'hydra-colorlog',
  'hydra-default',
  'hydra-disabled',
  'hydra-failing',
  'hydra-multirun',
  'hydra-none',
  'joblib-loky',
  'killed',
  'log-equal',
  'log-exceptions',
  'log-files',
  'log-hostile',
  'log-queue-processes',
  'log-redirected',
  'loguru-lines',
  'mlflow-runs',
  'multiprocessing-fork',
  'multiprocessing-spawn',
  'optuna-failing',
  'optuna-jobs',
  'os-exit',
  'prefect-flow',
  'prints',
  'process-pool',
  'rich-handler',
  'structlog-lines',
  'threads',
  'tqdm-logging',
  'warnings-captured',
  'warnings-default',
];
/** What is told from inside that isn't Python's `logging`; DVC's own failure has no message of its own. */
const OTHERS: ReadonlySet<string> = new Set(['python', 'stagelight', 'py.warnings', 'dvc.cli']);

for (const scenario of SCENARIOS.filter(({ name }) => NAMES.includes(name))) {
  testWith('python')(
    `${scenario.name}: each record that was logged is in the run once, and each line that was printed`,
    { timeout: 240_000 },
    async (context) => {
      const python = choosePython(scenario.needs, context);
      const { run, counted, stdout, stderr } = await record(scenario, python);

      expect(toLogged(run)).toEqual(counted);
      expect(findMiscounted(run, 'stdout', stdout)).toEqual([]);
      expect(findMiscounted(run, 'stderr', stderr)).toEqual([]);
      expect(findDoubledAttributes(run)).toEqual([]);
    },
  );
}

/** Runs a scenario under `stagelight run`, beside a counter of its own of what `logging` emits. */
async function record(scenario: Scenario, python: string) {
  const folder = createTemporaryDir();
  const cwd = join(folder, 'cwd');
  mkdirSync(cwd);
  const counter = join(folder, 'counted');
  const args = ['run', '-q', 'mlflow.enabled=false', '--', python, ...toCommand(scenario)];
  const { stdout, stderr } = await execa(process.execPath, [CLI, ...args], {
    cwd,
    extendEnv: false,
    env: {
      ...createEnv({ COUNTED: counter, PYTHONPATH: COUNTER_FOLDER }),
      ...scenario.env,
      PREFECT_HOME: join(folder, 'prefect'),
    },
    input: scenario.isFromStdin ? readFileSync(scenario.file) : '',
    reject: false,
    stripFinalNewline: false,
  });
  const counted = readCounted(counter)
    .filter(([, , logger]) => !OTHERS.has(logger))
    .map(([, , logger, message]) => `${logger}: ${toFirstLine(message)}`)
    .toSorted();
  return { run: readRun(cwd), counted, stdout, stderr };
}

/** What processes told of themselves, their logger and message; what may repeat a program's line is read where that stands. */
function toLogged({ lines }: RecordedRun): string[] {
  return lines
    .filter(({ attributes, logger }) => {
      const isTold =
        attributes['log.iostream'] === undefined || attributes['process.pid'] !== undefined;
      const isPart = Number(attributes['mlops.part.index'] ?? 0) > 0;
      return isTold && !OTHERS.has(logger) && !isPart;
    })
    .map(({ logger, body }) => `${logger}: ${toFirstLine(String(body))}`)
    .toSorted();
}

function toFirstLine(message: string): string {
  return message.split('\n')[0]!.slice(0, 200);
}

/** Logs and prints the same texts, and notes each logging call that returned. */
const TALKER = `
import logging, os, sys
logging.basicConfig(level=20, stream=sys.stderr, format='[%(name)s] %(message)s')
log = logging.getLogger('app')
noted = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for i in range(100000):
    log.info('LOG %d', i)
    os.write(noted, b'%d\\n' % i)
    if i % 3 == 0:
        print('[app] LOG', i, file=sys.stderr)
    if i % 5 == 0:
        log.info('same')
        print('[app] same', file=sys.stderr)
`;

for (const [victim, afterMs] of [
  ['stagelight', 60],
  ['stagelight', 200],
  ['stagelight', 450],
  ['the program', 150],
  ['the program', 400],
] as const) {
  testWith('python')(
    `${victim} is killed ${afterMs} ms into the output: no record is lost whose call returned, and none is there twice`,
    { timeout: 120_000 },
    async () => {
      const folder = createTemporaryDir();
      const cwd = join(folder, 'cwd');
      mkdirSync(cwd);
      const noted = join(folder, 'noted');
      const args = ['run', '-q', 'mlflow.enabled=false', '--', 'python', '-c', TALKER, noted];
      const running = execa(process.execPath, [CLI, ...args], {
        cwd,
        extendEnv: false,
        env: createEnv(),
        stdin: 'ignore',
        reject: false,
        stripFinalNewline: false,
      });
      await waitFor(() => existsSync(noted));
      await sleep(afterMs);
      if (victim === 'stagelight') running.kill('SIGKILL');
      else await execa('pkill', ['-KILL', '-f', noted], { reject: false });
      const { stderr } = await running;
      await stagelight(cwd, ['ls']);
      const run = readRun(cwd);

      const count = readFileSync(noted, 'utf8').split('\n').length - 1;
      const told = run.lines
        .filter(({ logger, body }) => logger === 'app' && body !== 'same')
        .map(({ body }) => body);
      expect(told.slice(0, count)).toEqual(
        Array.from({ length: count }, (_, index) => `LOG ${index}`),
      );
      expect(new Set(told).size).toBe(told.length);
      // Every line that came by is in one record: the console's inbox may have more than was passed on.
      const whole = stderr.slice(0, stderr.lastIndexOf('\n') + 1);
      expect(findMiscounted(run, 'stderr', whole)).toEqual([]);
      const uids = run.records.map(({ attributes }) => attributes['log.record.uid']);
      expect(new Set(uids).size).toBe(uids.length);
    },
  );
}
