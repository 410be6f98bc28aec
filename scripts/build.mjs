// Builds dist/: the library (tsc: one file each, with types) and the command line (bundled: it has to start fast).
// What is built replaces the old only when all of it is there. `node scripts/build.mjs DIR` builds elsewhere.
import { spawnSync } from 'node:child_process';
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const target = process.argv[2] ?? 'dist';
const building = `${target}.new.${process.pid}`;

async function bundleCli(dir) {
  const bundle = await rolldown({
    input: {
      bin: 'src/bin.ts',
      'merge-thread': 'src/merge/thread.ts',
      'ship-thread': 'src/recording/ship-thread.ts',
      'receiver-thread': 'src/capture/receiver/thread.ts',
    },
    platform: 'node',
    external: ['@lydell/node-pty'],
    resolve: { mainFields: ['module', 'main'] },
  });
  await bundle.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
  chmodSync(`${dir}/bin.js`, 0o755);
}

function compileLibrary(outDir) {
  const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', outDir];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

try {
  await bundleCli(`${building}/cli`);
  if (!compileLibrary(`${building}/lib`)) process.exitCode = 1;
  else {
    rmSync(target, { recursive: true, force: true });
    renameSync(building, target);
  }
} finally {
  rmSync(building, { recursive: true, force: true });
}
