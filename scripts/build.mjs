// Builds dist/: the library (tsc: one file each, with types) and the command line (bundled: it has to start fast).
// What is built replaces the old only when all of it is there. `node scripts/build.mjs DIR` builds elsewhere.
import { spawnSync } from 'node:child_process';
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const target = process.argv[2] ?? 'dist';
const building = `${target}.new.${process.pid}`;

const INPUT = {
  input: {
    bin: 'src/bin.ts',
    'merge-thread': 'src/merge/thread.ts',
    'ship-thread': 'src/recording/ship-thread.ts',
    'sink-thread': 'src/serve/thread.ts',
    'receiver-thread': 'src/capture/receiver/thread.ts',
  },
  platform: 'node',
  external: ['@lydell/node-pty'],
  resolve: { mainFields: ['module', 'main'] },
  preserveEntrySignatures: 'allow-extension',
};
// CommonJS, small, and in few files: Node 20 loads it in less than half the time (bench/startup.mjs). Names stay, for stacks.
const OUTPUT = {
  format: 'cjs',
  // `require` for all: code that V8 has kept can't call `import()`.
  dynamicImportInCjs: false,
  minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
};
/** What `stagelight run` loads before its command starts, and behind that. */
const LOADED_TOGETHER = {
  starting: 'src/cli.ts',
  running: 'src/command/run.ts',
  merging: 'src/merge/merge-run.ts',
};

async function bundleCli(dir) {
  const bundle = await rolldown(INPUT);
  const groups = toGroups((await bundle.generate(OUTPUT)).output);
  await bundle.write({ dir, ...OUTPUT, codeSplitting: { groups } });
  await bundle.close();
  writeFileSync(`${dir}/package.json`, '{"type":"commonjs"}\n');
  chmodSync(`${dir}/bin.js`, 0o755);
}

/** The modules that are loaded together, a group of files each: as files of their own they take as long to find as to run. */
function toGroups(chunks) {
  const taken = new Set(
    chunks.filter(({ isEntry }) => isEntry).flatMap(({ moduleIds }) => moduleIds),
  );
  return Object.entries(LOADED_TOGETHER).map(([name, module]) => {
    const modules = findModules(chunks, resolve(module)).filter((id) => !taken.has(id));
    for (const id of modules) taken.add(id);
    const own = new Set(modules);
    return { name, test: (id) => own.has(id), includeDependenciesRecursively: false };
  });
}

/** The modules of the chunk that holds one, and of all that are loaded with it. */
function findModules(chunks, module) {
  const names = [chunks.find(({ moduleIds }) => moduleIds?.includes(module)).fileName];
  for (const name of names) {
    const { imports } = chunks.find(({ fileName }) => fileName === name) ?? {};
    names.push(...(imports ?? []).filter((each) => !names.includes(each)));
  }
  return chunks
    .filter(({ fileName }) => names.includes(fileName))
    .flatMap(({ moduleIds }) => moduleIds ?? []);
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
