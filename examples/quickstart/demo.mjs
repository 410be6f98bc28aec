// npm run demo: builds the pipeline, runs it under `stagelight run` and shows the run.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stagelight = `${root}dist/cli/bin.js`;

const STEPS = [
  [process.execPath, `${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.json'],
  [
    process.execPath,
    stagelight,
    'run',
    '--name',
    'penguins',
    '--',
    process.execPath,
    'dist/pipeline.js',
  ],
  [process.execPath, stagelight, 'show'],
];

for (const [program, ...args] of STEPS) {
  const { status } = spawnSync(program, args, { cwd: import.meta.dirname, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
