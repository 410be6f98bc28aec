// What `stagelight run` adds to a command that does nothing: node bench/startup.mjs [rounds], after npm run build
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, measureInTurn, printTable } from './measure.mjs';

const CLI = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const results = measureInTurn(
  {
    'node -e 0': [process.execPath, '-e', '0'],
    'stagelight --version': [process.execPath, CLI, '--version'],
    'stagelight run -- true': [process.execPath, CLI, 'run', '-q', '--', 'true'],
  },
  { rounds: Number(process.argv[2] ?? 20), cwd },
);
rmSync(cwd, { recursive: true });
console.log(describeMachine());
const base = results['node -e 0'].cpu;
const ms = (seconds) => `${(seconds * 1000).toFixed(0)} ms`;
printTable([
  ['command', 'wall', 'CPU', 'CPU over node -e 0'],
  ...Object.entries(results).map(([name, { wall, cpu }]) => [
    name,
    ms(wall),
    ms(cpu),
    ms(cpu - base),
  ]),
]);
