// A million lines of mixed output through `stagelight run`, against tee and a Collector that reads the same file with
// regular expressions, with and without masking secrets as `run` does: node bench/capture.mjs [lines] [rounds], after npm run build.
// The Collector is measured where OTELCOL names its program (test/peers/build.sh otelcol prints it).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toCollectorConfig } from './collector-file-log.mjs';
import { describeMachine, measureOnce, median, printTable } from './measure.mjs';
import { writeMixedTranscript } from './mixed-transcript.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const lineCount = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const transcript = join(folder, 'transcript.txt');
writeMixedTranscript(transcript, lineCount);

const cases = {
  'cat > /dev/null': () => measureOnce(['cat', transcript]),
  'cat | tee file': () =>
    measureOnce(['bash', '-c', `cat ${transcript} | tee ${join(folder, 'tee.txt')}`]),
  'stagelight run -- cat': measureRun,
  ...(process.env.OTELCOL && {
    'Collector, file_log: the same, secrets masked': () => measureCollector({ masks: true }),
    'Collector, file_log: secrets left as they are': () => measureCollector({ masks: false }),
  }),
};
const results = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, measure] of Object.entries(cases)) results[name].push(await measure());
}
console.log(describeMachine());
console.log(
  `${lineCount} lines, ${(statSync(transcript).size / 1e6).toFixed(0)} MB; medians of ${rounds} rounds`,
);
printTable([
  ['', 'wall', 'CPU', 'lines/s', 'lines/s of CPU'],
  ...Object.entries(results).map(([name, runs]) => {
    const wall = median(runs.map((run) => run.wall));
    const cpu = median(runs.map((run) => run.cpu));
    const rate = (seconds) => `${(lineCount / seconds / 1000).toFixed(0)} k`;
    return [name, `${wall.toFixed(2)} s`, `${cpu.toFixed(2)} s`, rate(wall), rate(cpu)];
  }),
]);
rmSync(folder, { recursive: true });

function measureRun() {
  const cwd = mkdtempSync(join(folder, 'run-'));
  const result = measureOnce([process.execPath, CLI, 'run', '-q', '--', 'cat', transcript], {
    cwd,
  });
  rmSync(cwd, { recursive: true });
  return result;
}

/** The Collector never ends by itself: it is ended when its file has grown no more for half a second, which isn't counted. */
async function measureCollector({ masks }) {
  const output = join(folder, 'collector.jsonl');
  const config = join(folder, 'collector.yaml');
  writeFileSync(config, toCollectorConfig({ input: transcript, output, masks }));
  const started = process.hrtime.bigint();
  const script = `TIMEFORMAT='%U %S'; time "$0" --config "$1" > /dev/null 2>/dev/null`;
  const child = spawn('bash', ['-c', script, process.env.OTELCOL, config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let times = '';
  child.stderr.on('data', (chunk) => (times += chunk));
  let grownAt = started;
  for (let size = -1; process.hrtime.bigint() - grownAt < 500_000_000n; await sleep(20)) {
    const now = statSync(output, { throwIfNoEntry: false })?.size ?? 0;
    if (now !== size || now === 0) grownAt = process.hrtime.bigint();
    size = now;
  }
  const wall = Number(grownAt - started) / 1e9;
  spawn('pkill', ['-INT', '-P', String(child.pid)]);
  await new Promise((resolve) => child.once('close', resolve));
  rmSync(output);
  const [user, system] = times.trim().split(/\s+/).slice(-2).map(Number);
  return { wall, cpu: user + system };
}
