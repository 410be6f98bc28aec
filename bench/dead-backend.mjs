// What a backend that isn't there costs a pipeline: that of a pipeline of some seconds, against no backend, and against
// one that takes connections and never answers. Usage: npm run build && node bench/dead-backend.mjs [seconds] [rounds]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describeMachine, median, printTable } from './measure.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const seconds = Number(process.argv[2] ?? 10);
const rounds = Number(process.argv[3] ?? 7);
const lines = 30 * seconds;
console.log(`${describeMachine()}\n`);
console.log(
  `A pipeline that prints ${lines} lines in about ${seconds} s, in turn; medians of ${rounds}`,
);

// In a thread: this one is blocked while a command runs.
const silent = new Worker(
  `const server = require('node:net').createServer(() => {}).listen(0, '127.0.0.1', () =>
     require('node:worker_threads').parentPort.postMessage(server.address().port));`,
  { eval: true },
);
const [silentPort] = await once(silent, 'message');
const closed = createServer().listen(0, '127.0.0.1');
await once(closed, 'listening');
const { port: closedPort } = closed.address();
closed.close();

const backends = {
  none: {},
  'not there': { STAGELIGHT_OTLP_ENDPOINT: `http://127.0.0.1:${closedPort}` },
  silent: { STAGELIGHT_OTLP_ENDPOINT: `http://127.0.0.1:${silentPort}` },
};
const results = Object.fromEntries(Object.keys(backends).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, env] of Object.entries(backends)) results[name].push(measure(env));
}
const none = toMedians(results.none);
printTable([
  ['backend', 'the pipeline itself, s', '', 'the whole command, s', ''],
  ...Object.entries(results).map(([name, measured]) => {
    const { pipeline, whole } = toMedians(measured);
    return [
      name,
      pipeline.toFixed(2),
      toPercent(pipeline, none.pipeline),
      whole.toFixed(2),
      toPercent(whole, none.whole),
    ];
  }),
]);
await silent.terminate();

/** Seconds of the pipeline, by its run's own times, and of the whole command. */
function measure(env) {
  const project = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
  const script = `for i in $(seq ${lines}); do echo "line $i"; sleep 0.0333; done`;
  const start = performance.now();
  spawnSync(process.execPath, [CLI, 'run', '-q', '--', 'sh', '-c', script], {
    cwd: project,
    env: { PATH: process.env.PATH, ...env },
  });
  const whole = (performance.now() - start) / 1000;
  const runs = join(project, '.stagelight', 'runs');
  const [runId] = readdirSync(runs);
  const info = JSON.parse(readFileSync(join(runs, runId, 'run.json'), 'utf8'));
  const pipeline = Number(BigInt(info.endedAt) - BigInt(info.startedAt)) / 1e9;
  rmSync(project, { recursive: true });
  return { pipeline, whole };
}

function toMedians(measured) {
  return {
    pipeline: median(measured.map(({ pipeline }) => pipeline)),
    whole: median(measured.map(({ whole }) => whole)),
  };
}

function toPercent(value, base) {
  const percent = (value / base - 1) * 100;
  return value === base ? '' : `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`;
}
