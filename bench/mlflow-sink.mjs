// The service `stagelight sink mlflow` with a backlog: runs come in while MLflow is away, and are written when it is there.
// Its most memory, and seconds. Usage: node bench/mlflow-sink.mjs [runs] [records a run]   (needs npm run build, and mlflow)
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generateRun } from './generate-run.mjs';
import { describeMachine, printTable } from './measure.mjs';

const RUNS = Number(process.argv[2] ?? 4);
const RECORDS = Number(process.argv[3] ?? 100_000);
const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'stagelight-bench-sink-'));
const home = join(folder, 'home');
const runIds = Array.from({ length: RUNS }, (_, index) =>
  (index + 1).toString(16).padStart(32, 'a'),
);
for (const runId of runIds) await generateRun({ home, records: RECORDS, runId });
const port = await findFreePort();
const tracking = `http://127.0.0.1:${port}`;
const sink = spawn(
  process.execPath,
  [CLI, 'sink', 'mlflow', '--port', '0', '--dir', join(folder, 'sink')],
  { env: { ...process.env, MLFLOW_TRACKING_URI: tracking }, stdio: ['ignore', 'pipe', 'ignore'] },
);
let server;
try {
  const [printed] = await once(sink.stdout, 'data');
  const url = /at (http:\S+),/.exec(String(printed))[1];
  const takenIn = await time(() => push(url));
  const mibTakenIn = readPeakMib();
  server = startServer();
  while (!(await isUp())) await sleep(200);
  const written = await time(untilWritten);
  console.log(`${describeMachine()}; ${RUNS} runs of ${RECORDS} records, 200 trials each\n`);
  printTable([
    ['', 'seconds', 'most memory'],
    ['taken in, MLflow away', takenIn.toFixed(1), `${mibTakenIn.toFixed(0)} MiB`],
    ['written to MLflow', written.toFixed(1), `${readPeakMib().toFixed(0)} MiB`],
  ]);
} finally {
  sink.kill();
  if (server !== undefined) process.kill(0 - Number(server.pid));
  rmSync(folder, { recursive: true, force: true });
}

async function time(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function push(url) {
  const env = { ...process.env, STAGELIGHT_DIR: home, STAGELIGHT_OTLP_ENDPOINT: url };
  delete env.MLFLOW_TRACKING_URI;
  const child = spawn(process.execPath, [CLI, 'push', '--all', '--timeout', '120'], {
    env,
    cwd: folder,
    stdio: 'ignore',
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`push ended with ${code}`);
}

function readPeakMib() {
  const status = readFileSync(`/proc/${sink.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024;
}

async function untilWritten() {
  while (!runIds.every(isWritten)) await sleep(100);
}

function isWritten(runId) {
  try {
    const path = join(folder, 'sink', 'runs', runId, 'cursor', 'mlflow.json');
    return JSON.parse(readFileSync(path, 'utf8')).isDone;
  } catch {
    return false;
  }
}

async function findFreePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

function startServer() {
  if (spawnSync('mlflow', ['--version']).error !== undefined) throw new Error('no mlflow on PATH');
  return spawn(
    'mlflow',
    [
      'server',
      '--workers=1',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--backend-store-uri=sqlite:///${folder}/mlflow.db`,
      `--artifacts-destination=${folder}/artifacts`,
    ],
    { cwd: folder, detached: true, stdio: 'ignore' },
  );
}

async function isUp() {
  return fetch(`${tracking}/api/2.0/mlflow/experiments/search?max_results=1`).then(
    ({ ok }) => ok,
    () => false,
  );
}
