// Runs the benches, one after the other, and prints what docs/performance.md quotes:
//   npm run bench                      all of them, as long as it takes (about ten minutes)
//   npm run bench -- startup capture   these
//   npm run bench -- --quick           all, with less of everything: for a look, not for numbers
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './measure.mjs';

/** Each is a program of its own. Its arguments: what the numbers in the docs come from, and for a quick look. */
const BENCHES = {
  startup: { full: ['30'], quick: ['5'] },
  capture: { full: ['1000000', '3'], quick: ['100000', '1'] },
  logger: { full: ['7'], quick: ['1'] },
  'read-run': { full: ['1000000'], quick: ['50000'] },
  'python-hook': { full: [], quick: ['3'] },
  shim: { full: [], quick: ['3'] },
  'seen-once': { full: [], quick: ['5000', '1'] },
  ship: { full: [], quick: ['50000'] },
  'dead-backend': { full: [], quick: ['2', '1'] },
  mlflow: { full: [], quick: ['20'] },
  'mlflow-sink': { full: [], quick: ['1', '5000'] },
};

const here = fileURLToPath(new URL('.', import.meta.url));
const isQuick = process.argv.includes('--quick');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const there = Object.keys(BENCHES).filter((name) => readdirSync(here).includes(`${name}.mjs`));
const unknown = asked.filter((name) => !there.includes(name));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${there.join(', ')}`);
  process.exit(2);
}

console.log(`${describeMachine()}\n${new Date().toISOString().slice(0, 10)}`);
const env = { ...process.env, ...findCollector() };
let failed = 0;
for (const name of asked.length > 0 ? asked : there) {
  console.log(`\n## ${name}\n`);
  const args = BENCHES[name][isQuick ? 'quick' : 'full'];
  const { status } = spawnSync(process.execPath, [`${here}${name}.mjs`, ...args], {
    env,
    stdio: 'inherit',
  });
  if (status !== 0) failed += 1;
}
process.exitCode = failed > 0 ? 1 : 0;

/** The Collector that capture is measured against, where it has been built. */
function findCollector() {
  if (process.env.OTELCOL !== undefined) return {};
  const script = fileURLToPath(new URL('../test/peers/build.sh', import.meta.url));
  const { status, stdout } = spawnSync(script, ['--find', 'otelcol'], { encoding: 'utf8' });
  const path = stdout?.trim().split('\n').at(-1);
  return status === 0 && path ? { OTELCOL: path } : {};
}
