// A study into a local MLflow server: stagelight's sink against the official Python client, by fluent calls (one a value)
// and by log_batch in a loop. Seconds, requests and the server's CPU, a trial.
// Usage: node bench/mlflow.mjs [trials] [rounds]   (needs npm run build, and mlflow on the PATH)
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeMachine, median, printTable } from './measure.mjs';

const TRIALS = Number(process.argv[2] ?? 1000);
const ROUNDS = Number(process.argv[3] ?? 1);
const PARAMS = 5;
const POINTS = 20;
const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const START_SECONDS = 1_795_000_000;

const CLIENT = `
import sys, time, mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
mode, trials = sys.argv[1], int(sys.argv[2])
mlflow.set_experiment(f'bench-{mode}-{time.time()}')
start = time.time()
if mode == 'fluent':
    for trial in range(trials):
        with mlflow.start_run(run_name=f'trial-{trial}'):
            mlflow.log_params({f'p{i}': trial * 0.1 + i for i in range(${PARAMS})})
            for step in range(${POINTS}):
                mlflow.log_metric('accuracy', step / (trial + 1), step=step)
else:
    client = MlflowClient()
    from mlflow.tracking.fluent import _get_experiment_id
    experiment_id = _get_experiment_id()
    for trial in range(trials):
        run = client.create_run(experiment_id, run_name=f'trial-{trial}')
        now = int(time.time() * 1000)
        client.log_batch(
            run.info.run_id,
            metrics=[Metric('accuracy', step / (trial + 1), now, step) for step in range(${POINTS})],
            params=[Param(f'p{i}', str(trial * 0.1 + i)) for i in range(${PARAMS})],
        )
        client.set_terminated(run.info.run_id)
print(time.time() - start)
`;

const folder = mkdtempSync(join(tmpdir(), 'stagelight-bench-mlflow-'));
const server = await startServer();
const env = { ...process.env, MLFLOW_TRACKING_URI: server.url };
try {
  const ways = {
    'stagelight push': () => pushStudy(),
    'MlflowClient, log_batch in a loop': () => runClient('batch', TRIALS),
    // One in five: it is the slowest by far, and every trial costs the same.
    'fluent calls': () => runClient('fluent', Math.max(20, Math.round(TRIALS / 5))),
  };
  // A server that has just started is ten times slower, for half a minute: that isn't counted.
  await runClient('batch', 100);
  await pushStudy(100);
  const results = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(ways)) results[name].push(await measure(run));
  }
  console.log(
    `${describeMachine()}; ${TRIALS} trials, ${PARAMS} parameters, ${POINTS} values each\n`,
  );
  const rows = Object.entries(results).map(([name, rounds]) => {
    const of = (key) => median(rounds.map((each) => each[key] / each.trials));
    const own = rounds[0].ownCpu === undefined ? '' : of('ownCpu') * 1000;
    return {
      name,
      ms: of('seconds') * 1000,
      requests: of('requests'),
      serverMs: of('serverCpu') * 1000,
      own,
      mib: median(rounds.map(({ mib }) => mib ?? 0)),
    };
  });
  printTable([
    ['', 'ms a trial', 'requests a trial', 'server CPU ms a trial', 'peak memory'],
    ...rows.map(({ name, ms, requests, serverMs, mib }) => [
      name,
      ms.toFixed(1),
      requests.toFixed(2),
      serverMs.toFixed(1),
      mib === 0 ? '' : `${mib.toFixed(0)} MiB`,
    ]),
  ]);
  const [ours, batch, fluent] = rows;
  console.log(
    `\n${(batch.ms / ours.ms).toFixed(2)} times as fast as the log_batch loop, ${(fluent.ms / ours.ms).toFixed(2)} times as fast as fluent calls`,
  );
} finally {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(run) {
  const cpu = server.cpu();
  const requests = server.requests();
  const result = await run();
  return {
    ...result,
    serverCpu: server.cpu() - cpu,
    requests: server.requests() - requests,
  };
}

async function runClient(mode, trials) {
  const python = spawnSync('which', ['mlflow'], { encoding: 'utf8' }).stdout.trim();
  const args = ['-c', CLIENT, mode, String(trials)];
  const { stdout } = await execute(python.replace(/mlflow$/, 'python'), args);
  return { seconds: Number(stdout.trim().split('\n').at(-1)), trials };
}

/** The seconds of the whole command, start and everything that a run has beside its trials included. */
async function pushStudy(trials = TRIALS) {
  const home = join(folder, `home-${Math.random()}`);
  await makeStudy(home, trials);
  const start = performance.now();
  const args = [CLI, 'push', '--all', '--to', 'mlflow', '--timeout', '120'];
  const { stdout, peakKib } = await execute(process.execPath, args, { STAGELIGHT_DIR: home });
  const seconds = (performance.now() - start) / 1000;
  if (!stdout.includes('sent to mlflow')) throw new Error(stdout);
  return { seconds, trials, mib: peakKib / 1024 };
}

function execute(program, args, more = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...env, ...more }, cwd: folder });
    let stdout = '';
    let peakKib = 0;
    const watch = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peakKib = Math.max(peakKib, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      } catch {
        // not on this system, or ended
      }
    }, 50);
    child.stdout.on('data', (data) => (stdout += data));
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    child.on('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ stdout, peakKib });
      else reject(new Error(`${program} ended with ${code}: ${stdout} ${stderr}`));
    });
  });
}

/** A run whose one stage is a study, as the hook tells of it. */
async function makeStudy(home, trials) {
  const load = (path) => import(new URL(`../dist/lib/${path}`, import.meta.url).href);
  const [
    ids,
    { FILE, createRunDir },
    { describeRun },
    { DEFAULT_LOGGING },
    { Merge },
    { writeRunInfo },
  ] = await Promise.all(
    [
      'model/ids.js',
      'spool/layout.js',
      'capture/describe-run.js',
      'config/defaults.js',
      'merge/merge.js',
      'spool/run-file.js',
    ].map(load),
  );
  const runId = ids.createRunId();
  const runDir = createRunDir(home, runId);
  const described = describeRun({
    runId,
    runDir,
    command: ['dvc', 'repro'],
    cwd: folder,
    env: {},
    name: 'bench',
    join: false,
    logging: DEFAULT_LOGGING,
  });
  const at = (ms) => String(BigInt(START_SECONDS) * 1_000_000_000n + BigInt(ms) * 1_000_000n);
  const info = { ...described, startedAt: at(0) };
  writeRunInfo(runDir, info);
  const stage = ids.toStageSpanId(runId, 'tune', 1);
  const study = ids.toStudySpanId(stage, 'tune');
  const named = { 'optuna.study.name': 'tune' };
  const entries = [
    { type: 'span-start', kind: 'stage', time: at(0), span: stage, name: 'tune' },
    {
      type: 'span-start',
      kind: 'study',
      time: at(1),
      span: study,
      parent: stage,
      name: 'study',
      attributes: named,
    },
  ];
  for (let number = 0; number < trials; number += 1) {
    const span = ids.toTrialSpanId(stage, 'tune', number);
    const fromMs = 10 + number * 100;
    const params = Object.fromEntries(
      Array.from({ length: PARAMS }, (_, index) => [
        `optuna.trial.param.p${index}`,
        number * 0.1 + index,
      ]),
    );
    entries.push({
      type: 'span-start',
      kind: 'trial',
      time: at(fromMs),
      span,
      parent: study,
      name: 'trial',
      attributes: { ...named, 'optuna.trial.number': number, ...params },
    });
    for (let step = 0; step < POINTS; step += 1) {
      const value = step / (number + 1);
      entries.push({
        type: 'metric',
        time: at(fromMs + step),
        name: 'accuracy',
        value,
        step,
        span,
      });
    }
    entries.push({ type: 'span-end', time: at(fromMs + 90), span, state: 'COMPLETE' });
  }
  const endMs = 10 + trials * 100;
  entries.push(
    { type: 'span-end', time: at(endMs), span: study },
    { type: 'span-end', time: at(endMs), span: stage, result: 'success' },
    { type: 'run-end', time: at(endMs + 1), result: 'success', code: 0 },
  );
  writeFileSync(
    join(runDir, FILE.inbox, '1-mfz0000.jsonl'),
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  );
  new Merge({ runDir, info, env: {} }).finish();
}

async function startServer() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const url = `http://127.0.0.1:${port}`;
  let log = '';
  const child = spawn(
    'mlflow',
    [
      'server',
      '--workers=1',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--backend-store-uri=sqlite:///${folder}/mlflow.db`,
      `--artifacts-destination=${folder}/artifacts`,
    ],
    { cwd: folder, detached: true },
  );
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
  while (
    !(await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await sleep(200);
  return {
    url,
    // Of it and its workers: they are one process group.
    cpu: () => readGroupCpu(child.pid),
    // It logs every request that it answers.
    requests: () => log.match(/"(?:GET|POST|PUT|PATCH|DELETE) \/(?!health)/g)?.length ?? 0,
    stop: () => process.kill(0 - Number(child.pid)),
  };
}

function readGroupCpu(group) {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // ended meanwhile
    }
  }
  return ticks / 100;
}
