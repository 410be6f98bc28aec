// Builds dist/: the library (tsc: one file each, with types) and the command line (bundled: it has to start fast).
// What is built replaces the old only when all of it is there. `node scripts/build.mjs DIR` builds elsewhere.
import { spawnSync } from 'node:child_process';
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  // CommonJS, and without white space: Node 20 loads it in half the time (bench/startup.mjs). Names stay, for stacks.
  await bundle.write({
    dir,
    format: 'cjs',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
  writeFileSync(`${dir}/package.json`, '{"type":"commonjs"}\n');
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
