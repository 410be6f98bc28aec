// Sends a run's records from disk to a local sink that throws them away: records and CPU seconds, against the
// Collector reading the same file, and the stock exporter with an unbounded queue.
// Usage: npm run build && node bench/ship.mjs [records] [rounds]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generateRun } from './generate-run.mjs';
import { describeMachine, median, printTable } from './measure.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const STOCK = fileURLToPath(new URL('stock-exporter.mjs', import.meta.url));
const BUILD = fileURLToPath(new URL('../test/peers/build.sh', import.meta.url));
/** Tells the most memory that the process had, at its end. */
const METER = `data:text/javascript,process.on('exit', () => { process.getBuiltinModule('node:fs').writeSync(2, 'maxRSS ' + process.resourceUsage().maxRSS); });`;

const records = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const project = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const runDir = await generateRun({ home: join(project, '.stagelight'), records });
const logs = join(runDir, 'logs.jsonl');
console.log(`${describeMachine()}\n`);
console.log(
  `${records} records in ${(statSync(logs).size / 1e6).toFixed(0)} MB, to a sink on this machine; medians of ${rounds}`,
);

let sinkBytes = 0;
let lastMs = 0;
const sink = createServer((request, response) => {
  request.on('data', (bytes) => {
    sinkBytes += bytes.length;
    lastMs = Date.now();
  });
  request.on('end', () =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  );
}).listen(0, '127.0.0.1');
await once(sink, 'listening');
const url = `http://127.0.0.1:${sink.address().port}`;
const results = {};
// In turn, so that a machine that slows down slows all of them.
for (let round = 0; round < rounds; round += 1) {
  await measure('stagelight push', () => push({}));
  await measure('  as protobuf', () => push({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }));
  await measure('  with gzip', () => push({ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }));
  if (findCollector() !== undefined) await measure('Collector, otlp_json_file', runCollector);
  await measure('stock batch exporter', () => run([STOCK, String(records), url], {}));
}
const rows = Object.entries(results).map(([name, runs]) => {
  const of = (key) => median(runs.map((each) => each[key]));
  return [
    name,
    `${Math.round(records / of('wall') / 1000)}k`,
    of('cpu').toFixed(2),
    of('rss').toFixed(0),
    (of('bytes') / 1e6).toFixed(0),
  ];
});
printTable([['', 'records/s', 'CPU s', 'memory MB', 'MB sent'], ...rows]);
const cpu = (name) => median(results[name].map((each) => each.cpu));
for (const peer of ['Collector, otlp_json_file', 'stock batch exporter']) {
  if (results[peer] === undefined) continue;
  console.log(`${(cpu(peer) / cpu('stagelight push')).toFixed(1)} times less CPU than: ${peer}`);
}
sink.close();
sink.closeAllConnections();

rmSync(project, { recursive: true });

async function measure(name, send) {
  sinkBytes = 0;
  const start = performance.now();
  const measured = await send();
  const wall = (performance.now() - start) / 1000;
  (results[name] ??= []).push({ wall, bytes: sinkBytes, ...measured });
}

/** A run that is sent already is sent again when it is named; the first time it hasn't been. */
function push(env) {
  rmSync(join(runDir, 'cursor'), { recursive: true, force: true });
  return run([CLI, 'push', 'latest'], { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env });
}

/** CPU seconds of a program of Node's, and the most memory that it had. */
async function run(args, env) {
  const child = spawn(process.execPath, ['--import', METER, ...args], {
    cwd: project,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (text) => (told += text));
  const before = childCpu();
  await once(child, 'exit');
  return { cpu: childCpu() - before, rss: Number(/maxRSS (\d+)/.exec(told)?.[1] ?? 0) / 1000 };
}

/** CPU seconds of all children that have ended: `cutime` and `cstime`, in hundredths. */
function childCpu() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function findCollector() {
  const { status, stdout } = spawnSync(BUILD, ['--find', 'otelcol'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** From its start until nothing has come for a second. */
async function runCollector() {
  const folder = join(project, 'otelcol');
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.yaml');
  writeFileSync(config, toCollectorConfig());
  const start = performance.now();
  lastMs = 0;
  const child = spawn(findCollector(), ['--config', config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const isQuiet = () => lastMs !== 0 && Date.now() - lastMs > 1000;
  while (!isQuiet()) await sleep(100);
  const wall = (performance.now() - start) / 1000 - 1;
  const before = childCpu();
  const rss =
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1000;
  child.kill('SIGKILL');
  await exited;
  return { cpu: childCpu() - before, wall, rss };
}

function toCollectorConfig() {
  return `
receivers:
  otlp_json_file: { include: ['${logs}'], start_at: beginning, max_log_size: 2MiB, poll_interval: 50ms }
exporters:
  otlp_http: { endpoint: '${url}', compression: none, sending_queue: { block_on_overflow: true } }
service:
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    logs: { receivers: [otlp_json_file], exporters: [otlp_http] }
`;
}
