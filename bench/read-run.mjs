// How long the commands that read take on a run of a million records, and how much memory.
// Usage: npm run build && node bench/read-run.mjs [records]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateRun } from './generate-run.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
/** Tells the most memory that the process had, at its end. */
const METER = `data:text/javascript,process.on('exit', () => { process.getBuiltinModule('node:fs').writeSync(2, 'maxRSS ' + process.resourceUsage().maxRSS); });`;
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

const records = Number(process.argv[2] ?? 1_000_000);
const project = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const runDir = await generateRun({ home: join(project, '.stagelight'), records });
const megabytes = statSync(join(runDir, 'logs.jsonl')).size / 1e6;
console.log(
  `Node ${process.versions.node}, ${process.platform}, ${cpus().length} × ${cpus()[0]?.model}`,
);
console.log(`${records} records, logs.jsonl ${megabytes.toFixed(0)} MB; the better of three runs`);
for (const args of COMMANDS) {
  const runs = [1, 2, 3].map(() => measure(args)).toSorted((a, b) => a.ms - b.ms);
  const { ms, rss } = runs[0];
  const command = `stagelight ${args.join(' ')}`;
  console.log(`${command.padEnd(48)} ${(ms / 1000).toFixed(2)} s ${rss.padStart(5)} MB`);
}
rmSync(project, { recursive: true });

/** One call, its output thrown away. */
function measure(args) {
  const start = process.hrtime.bigint();
  const { stderr } = spawnSync(process.execPath, ['--import', METER, CLI, ...args], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const maxRss = /maxRSS (\d+)/.exec(stderr.toString())?.[1];
  return { ms, rss: maxRss === undefined ? '?' : (Number(maxRss) / 1000).toFixed(0) };
}
