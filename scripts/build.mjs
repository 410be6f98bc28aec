// Builds dist/: the library (tsc: one file each, with types) and the command line (bundled: it has to start fast).
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { rolldown } from 'rolldown';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });

const { status } = spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

const bundle = await rolldown({
  input: { bin: 'src/bin.ts', 'merge-thread': 'src/merge/thread.ts' },
  platform: 'node',
  external: ['@lydell/node-pty'],
  resolve: { mainFields: ['module', 'main'] },
});
await bundle.write({
  dir: 'dist/cli',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  sourcemap: false,
  minify: false,
});
await bundle.close();
chmodSync('dist/cli/bin.js', 0o755);
