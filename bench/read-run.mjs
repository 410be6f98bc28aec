// How long the commands that read take on a run of a million records, and how much memory.
// Usage: npm run build && node bench/read-run.mjs [records]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateRun } from './generate-run.mjs';
import { describeMachine, measureOnce, printTable } from './measure.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
/** Tells the most memory and the CPU time that the process took, at its end. */
const METER = `data:text/javascript,process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.getBuiltinModule('node:fs').writeSync(2, 'maxRSS ' + maxRSS + ' CPU ' + (userCPUTime + systemCPUTime)); });`;
const COMMANDS = [
  ['show'],
  ['show', '--json'],
  ['logs'],
  ['logs', '--level', 'error'],
  ['logs', '--level', 'warning', '--stage', 'tune'],
  ['logs', '--trial', '3'],
  ['logs', '--grep', 'area_error has'],
  ['logs', '--grep', 'skew of (3|4)\\.45$'],
  ['logs', '--json'],
  ['diff', 'latest', 'latest'],
];

/** What people would use instead; where they are there. */
const YARDSTICKS = [
  // Into a pipe: into /dev/null it would stop at the first match.
  ['sh', '-c', 'grep -c \'"severityNumber":17\' "$0" | cat'],
  ['jq', '-c', '.resourceLogs[].scopeLogs[].logRecords[] | select(.severityNumber >= 17) | .body'],
].filter(([program]) => spawnSync(program, ['-c', '0']).error === undefined);

const records = Number(process.argv[2] ?? 1_000_000);
const project = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const runDir = await generateRun({ home: join(project, '.stagelight'), records });
const megabytes = statSync(join(runDir, 'logs.jsonl')).size / 1e6;
console.log(describeMachine());
console.log(`${records} records, logs.jsonl ${megabytes.toFixed(0)} MB; the best of three rounds`);
const logs = join(runDir, 'logs.jsonl');
const rows = COMMANDS.map((args) => [`stagelight ${args.join(' ')}`, ...best(() => measure(args))]);
for (const command of YARDSTICKS)
  rows.push([command.join(' '), ...best(() => measureOnce([...command, logs]))]);
printTable([['', 'wall', 'CPU', 'memory'], ...rows]);
rmSync(project, { recursive: true });

/** The best of three: wall, CPU, and memory where it is known. */
function best(run) {
  const { wall, cpu, megabytes } = [run(), run(), run()].toSorted((a, b) => a.wall - b.wall)[0];
  return [`${wall.toFixed(2)} s`, `${cpu.toFixed(2)} s`, megabytes ? `${megabytes} MB` : ''];
}

/** One call, its output thrown away. */
function measure(args) {
  const start = process.hrtime.bigint();
  const { stderr } = spawnSync(process.execPath, ['--import', METER, CLI, ...args], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  const [, rss, cpu] = /maxRSS (\d+) CPU (\d+)/.exec(stderr.toString());
  return { wall, cpu: Number(cpu) / 1e6, megabytes: (Number(rss) / 1000).toFixed(0) };
}
