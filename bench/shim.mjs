// What our shell adds to a command of DVC's, against the user's shell alone: node bench/shim.mjs [rounds]
// With DVC's process hooked into it only tells of the command; without it also numbers the stage's execution.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, measureInTurn, printTable } from './measure.mjs';

const SHIM = fileURLToPath(new URL('../shim/bash', import.meta.url));
const rounds = Number(process.argv[2] ?? 15);
const COMMANDS = 20;
const runDir = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
for (const name of ['inbox', 'claims']) mkdirSync(join(runDir, name));

const flags = '--noprofile --norc -c :';
/** As DVC starts commands: the shell that does is the process that `STAGELIGHT_STAGE` names. */
const loop = (shell, prepare = '') => [
  'bash',
  '-c',
  `${prepare} for ((i = 0; i < ${COMMANDS}; i++)); do ${shell} ${flags}; done`,
];
const results = measureInTurn(
  {
    'bash alone': loop('/bin/bash'),
    'through the shim, DVC hooked': loop(SHIM, 'export STAGELIGHT_STAGE=$$:train;'),
    'through the shim, DVC not hooked': loop(SHIM),
  },
  {
    rounds,
    env: {
      PATH: process.env.PATH,
      DVC_STAGE: 'train',
      STAGELIGHT_SHELL: '/bin/bash',
      STAGELIGHT_RUN_DIR: runDir,
      STAGELIGHT_RUN_ID: 'a'.repeat(32),
      TRACEPARENT: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    },
  },
);
rmSync(runDir, { recursive: true });
const alone = results['bash alone'];
const ms = (seconds) => `${((seconds * 1000) / COMMANDS).toFixed(1)} ms`;
console.log(describeMachine());
console.log(`one command; medians of ${rounds} rounds of ${COMMANDS}`);
printTable([
  ['', 'wall', 'CPU', 'more wall', 'more CPU'],
  ...Object.entries(results).map(([name, { wall, cpu }]) => [
    name,
    ms(wall),
    ms(cpu),
    ms(wall - alone.wall),
    ms(cpu - alone.cpu),
  ]),
]);
