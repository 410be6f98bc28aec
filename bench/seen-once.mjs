// A program that logs to its console, and its records and lines matched: node bench/seen-once.mjs [records] [rounds], after
// npm run build. Against the same run without the hook, where its lines are read from the console alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, measureInTurn, printTable } from './measure.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const recordCount = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const program = join(folder, 'program.py');
writeFileSync(
  program,
  `import logging
logging.basicConfig(level=20, format='[%(asctime)s][%(name)s][%(levelname)s] - %(message)s')
log = logging.getLogger('bench')
for i in range(${recordCount}):
    log.info('step %d: loss %.4f', i, 1 / (i + 1))
`,
);
const record = [process.execPath, CLI, 'run', '-q', 'mlflow.enabled=false'];
const run = (hook) => [...record, `python.hook=${hook}`, '--', 'python3', program];
const results = measureInTurn(
  {
    'the program alone': ['python3', program],
    'run, without the hook': run(false),
    'run, with the hook: each record told, shown and matched': run(true),
  },
  { rounds, cwd: folder },
);
rmSync(folder, { recursive: true });
const alone = results['the program alone'];
const micro = (seconds) => `${((seconds * 1e6) / recordCount).toFixed(1)} µs`;
console.log(describeMachine());
console.log(`${recordCount} records; medians of ${rounds} rounds, a record`);
printTable([
  ['', 'wall', 'CPU', 'more CPU'],
  ...Object.entries(results).map(([name, { wall, cpu }]) => [
    name,
    micro(wall),
    micro(cpu),
    micro(cpu - alone.cpu),
  ]),
]);
