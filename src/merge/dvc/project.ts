import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { loadYaml } from '../yaml.ts';

/** A stage as `dvc.yaml` declares it. */
export interface DeclaredStage {
  /** The folder of its `dvc.yaml`, which has its `dvc.lock` too. */
  readonly home: string;
  /** The folder that its paths are relative to and its commands run in: its `wdir`, else its home. */
  readonly folder: string;
  readonly cmd: readonly string[];
  readonly deps: readonly string[];
  readonly outs: readonly string[];
  readonly metrics: readonly string[];
  /** Names of parameters, by file; no names for all of a file. */
  readonly params: Readonly<Record<string, readonly string[]>>;
}

/** Folders that hold no `dvc.yaml` of the project. */
export const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  '.git',
  '.dvc',
  '.stagelight',
  'node_modules',
  '__pycache__',
  '.venv',
  'venv',
  '.tox',
  'mlruns',
  'mlartifacts',
  'site-packages',
]);
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_FOLDERS = 2000;
const LIST_AGAIN_MS = 1000;

/** An address of DVC's: `train`, `train@lr0.1`, `sub/dvc.yaml:train`. */
export function parseAddress(address: string): {
  path: string | undefined;
  name: string;
  group: string;
} {
  const match = /^(.*\.yaml):(.+)$/s.exec(address);
  const name = match?.[2] ?? address;
  const at = name.indexOf('@');
  return { path: match?.[1], name, group: at > 0 ? name.slice(0, at) : name };
}

/**
 * What the project's `dvc.yaml` files say. Read when first asked and again when a file has changed, since flows write
 * them while they run.
 */
export class DvcProject {
  readonly #root: string;
  readonly #cwd: string;
  readonly #files = new Map<string, { mtimeMs: number; stages: Map<string, DeclaredStage> }>();
  #paths: string[] | undefined;
  #listedAtMs = 0;

  /** @param options.root the DVC root, @param options.cwd where the command runs. */
  constructor(options: { root: string; cwd: string }) {
    this.#root = options.root;
    this.#cwd = options.cwd;
  }

  /** Whether a stage of that address can be. With no `dvc.yaml` in sight every one can. */
  knows(address: string): boolean {
    if (address.endsWith('.dvc')) return true;
    if (this.find(address) !== undefined) return true;
    this.#listAgain(); // it may have been written since
    return this.find(address) !== undefined || this.#listFiles().length === 0;
  }

  /** The stage's declaration; that of its group for one of a matrix or foreach. */
  find(address: string): DeclaredStage | undefined {
    const { path, group } = parseAddress(address);
    const files =
      path === undefined
        ? this.#listFiles()
        : [resolve(this.#cwd, path), resolve(this.#root, path)];
    for (const file of files) {
      const stage = this.#read(file).get(group);
      if (stage !== undefined) return stage;
    }
    return undefined;
  }

  /** The folders that have a `dvc.yaml`. */
  folders(): string[] {
    return this.#listFiles().map((file) => dirname(file));
  }

  /** Every stage that is declared, by its address as DVC writes it in the working directory. */
  all(): Map<string, DeclaredStage> {
    const stages = new Map<string, DeclaredStage>();
    for (const file of this.#listFiles()) {
      const path = relative(this.#cwd, file);
      for (const [name, stage] of this.#read(file))
        stages.set(path === 'dvc.yaml' ? name : `${path}:${name}`, stage);
    }
    return stages;
  }

  /** The groups of stages that need, directly or not, what `address` puts out. */
  downstream(address: string): string[] {
    const { group } = parseAddress(address);
    const start = this.find(address);
    if (start === undefined) return [];
    const stages = this.#read(join(start.home, 'dvc.yaml'));
    const found = new Set<string>();
    const queue = [group];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const outs = stages.get(name)?.outs ?? [];
      for (const [other, { deps }] of stages) {
        if (
          other === group ||
          found.has(other) ||
          !deps.some((dep) => outs.some((out) => isWithin(dep, out)))
        )
          continue;
        found.add(other);
        queue.push(other);
      }
    }
    return [...found];
  }

  #listFiles(): string[] {
    if (this.#paths === undefined) {
      this.#paths = findDvcFiles([this.#cwd, this.#root]);
      this.#listedAtMs = Date.now();
    }
    return this.#paths;
  }

  /** Forgets the list, unless it is young: output may name stages that aren't, line after line. */
  #listAgain(): void {
    if (Date.now() - this.#listedAtMs > LIST_AGAIN_MS) this.#paths = undefined;
  }

  #read(file: string): Map<string, DeclaredStage> {
    const mtimeMs = readMtime(file);
    const known = this.#files.get(file);
    if (known !== undefined && known.mtimeMs === mtimeMs) return known.stages;
    const stages = parseDvcYaml(file);
    this.#files.set(file, { mtimeMs, stages });
    return stages;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`);
}

function readMtime(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** The `dvc.yaml` files at and below the folders, nearest first. */
function findDvcFiles(roots: readonly string[]): string[] {
  const files = new Set<string>();
  const queue = [...new Set(roots)];
  for (let seen = 0; queue.length > 0 && seen < MAX_FOLDERS; seen += 1) {
    const folder = queue.shift()!;
    const file = join(folder, 'dvc.yaml');
    if (existsSync(file)) files.add(file);
    for (const entry of listFolders(folder)) queue.push(join(folder, entry));
  }
  return [...files];
}

function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name))
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function parseDvcYaml(file: string): Map<string, DeclaredStage> {
  const stages = new Map<string, DeclaredStage>();
  const content = readYaml(file);
  const declared = asRecord(asRecord(content)['stages']);
  const topMetrics = toPaths(asRecord(content)['metrics']);
  for (const [name, value] of Object.entries(declared)) {
    const outer = asRecord(value);
    // A `foreach` stage has its body under `do`.
    const body = outer['do'] === undefined ? outer : asRecord(outer['do']);
    const folder = resolve(dirname(file), typeof body['wdir'] === 'string' ? body['wdir'] : '.');
    const local = toPaths(body['metrics']);
    const outs = [...toPaths(body['outs']), ...local, ...toPaths(body['plots'])];
    const metrics = [
      ...local,
      ...topMetrics
        .map((path) => relative(folder, resolve(dirname(file), path)))
        .filter((path) => outs.includes(path)),
    ];
    stages.set(name, {
      home: dirname(file),
      folder,
      cmd: toCommands(body['cmd']),
      deps: toPaths(body['deps']),
      outs,
      metrics: [...new Set(metrics)],
      params: toParams(body['params']),
    });
  }
  return stages;
}

/** A YAML file's content; `undefined` when it isn't there, is too large or isn't YAML. */
export function readYaml(file: string): unknown {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return undefined;
    return loadYaml().parse(readFileSync(file, 'utf8'), { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** Paths in DVC's list form: `- a.csv` or `- a.csv: {cache: false}`. */
function toPaths(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .map((item) => (typeof item === 'string' ? item : Object.keys(asRecord(item))[0]))
    .filter((path) => path !== undefined);
}

function toCommands(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string');
  return typeof value === 'string' ? value.split('\n').filter((line) => line.trim() !== '') : [];
}

/** `- lr` is of `params.yaml`, `- other.yaml: [lr]` of another file, `- other.yaml:` all of it. */
function toParams(value: unknown): Record<string, string[]> {
  const params: Record<string, string[]> = {};
  for (const item of Array.isArray(value) ? value : []) {
    if (typeof item === 'string') (params['params.yaml'] ??= []).push(item);
    for (const [file, names] of Object.entries(asRecord(item))) {
      params[file] = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
    }
  }
  return params;
}
