import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import Module, { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Of Node's own loader, what compiles a file of CommonJS. */
interface Loader {
  _compile: (this: NodeJS.Module, content: string, path: string) => unknown;
}

type Wrapper = (...parts: unknown[]) => unknown;

const SUFFIX = '.v8';
/** Behind a file's name: `-`, eight characters of what it was made of, `.js`. */
const HASH_LENGTH = '-01234567.js'.length;
const DIGEST_BYTES = 20;

/**
 * Keeps what V8 has made of our own files for the next start, which takes a third less with it (bench/startup.mjs). Node 22
 * does that by itself; this is for Node 20. Nothing of it is needed: what can't be read or written is compiled as ever.
 *
 * @param folder where the built files lie
 */
export function keepCompiledCode(folder: string, env: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = Module as { enableCompileCache?: () => void };
  if (enableCompileCache !== undefined) return enableCompileCache();
  if (env['NODE_DISABLE_COMPILE_CACHE']) return;
  const kept = findKeptFolder(env);
  if (kept === undefined) return;
  const loader = Module.prototype as unknown as Loader;
  const { _compile: compile } = loader;
  const missing: { path: string; script: Script }[] = [];
  loader._compile = function (content, path) {
    if (dirname(path) !== folder) return compile.call(this, content, path);
    const keptPath = join(kept, basename(path) + SUFFIX);
    const script = toScript(content, path, readKept(keptPath));
    if (script.cachedDataRejected !== false) missing.push({ path: keptPath, script });
    const wrapper = script.runInThisContext() as Wrapper;
    return wrapper.call(this.exports, this.exports, createRequire(path), this, path, folder);
  };
  process.on('exit', () => {
    for (const { path, script } of missing) tryKeep(path, script);
  });
}

/** One for each version of V8: it refuses what another one has made. */
function findKeptFolder({ XDG_CACHE_HOME }: NodeJS.ProcessEnv): string | undefined {
  try {
    const cache = XDG_CACHE_HOME ? XDG_CACHE_HOME : join(homedir(), '.cache');
    return join(cache, 'stagelight', 'compiled', `${process.version}-${process.arch}`);
  } catch {
    return undefined; // a user without a home
  }
}

function toScript(content: string, filename: string, cachedData: Buffer | undefined): Script {
  return new Script(Module.wrap(content), { filename, cachedData });
}

/** V8 trusts what it is given: damaged code would run. */
function readKept(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    const code = bytes.subarray(DIGEST_BYTES);
    return toDigest(code).equals(bytes.subarray(0, DIGEST_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function tryKeep(path: string, script: Script): void {
  const writing = `${path}.${process.pid}`;
  try {
    // Now, and not when it was compiled: with the functions that have been called since.
    const code = script.createCachedData();
    makeFolders(dirname(path));
    writeFileSync(writing, Buffer.concat([toDigest(code), code]), { mode: 0o600 });
    renameSync(writing, path);
    removeOlder(path);
  } catch {
    remove(writing);
  }
}

/**
 * One by one, and no higher than the cache: Node's own recursive mkdir may never return (see `makeFolder`, which can't be had
 * here: what is loaded before the loader is ours is never kept).
 */
function makeFolders(folder: string): void {
  const [compiled, own] = [dirname(folder), dirname(dirname(folder))];
  for (const each of [dirname(own), own, compiled, folder])
    if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder can't be reached either.
  }
}

/** Removes what was kept of the same file when it was another. */
function removeOlder(path: string): void {
  const name = basename(path);
  const stem = toStem(name);
  for (const other of readdirSync(dirname(path)))
    if (other !== name && other.endsWith(SUFFIX) && toStem(other) === stem)
      remove(join(dirname(path), other));
}

function toStem(name: string): string {
  return name.slice(0, -SUFFIX.length - HASH_LENGTH);
}

function toDigest(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest();
}
