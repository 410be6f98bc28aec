import { readFileSync, readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { toUnixMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { SKIPPED_FOLDERS, asRecord, readYaml } from '../dvc/project.ts';
import { describeJob } from './job.ts';

/** File systems keep times to the second at worst. */
const CLOCK_SLACK_MS = 1100;
const MAX_ENTRIES = 5000;

/** The output folders that Hydra's jobs leave behind. Each belongs to one stage: the one that asks for it first. */
export class HydraOutputs {
  /** Folders that were found, with the time of their configuration: a fixed `hydra.run.dir` is used again. */
  readonly #found = new Set<string>();

  /**
   * What Hydra left behind since `since` below a folder: the job's name, output folder, overrides and composed
   * configuration, secrets masked and interpolations as they stand. Of several jobs the first one's.
   */
  find(folder: string, since: UnixTime): Attributes {
    const outputs = findHydraFolders(folder, toUnixMs(since) - CLOCK_SLACK_MS)
      .filter((output) => !this.#found.has(toKey(output)))
      .toSorted((a, b) => a.mtimeMs - b.mtimeMs);
    for (const output of outputs) this.#found.add(toKey(output));
    const first = outputs[0];
    return first === undefined ? {} : readHydraOutput(folder, first.path);
  }
}

interface HydraFolder {
  readonly path: string;
  readonly mtimeMs: number;
}

function toKey({ path, mtimeMs }: HydraFolder): string {
  return `${mtimeMs} ${path}`;
}

/** The `.hydra` folders written since a time. `outputs` and `multirun`, Hydra's own, are looked at first. */
function findHydraFolders(root: string, sinceMs: number): HydraFolder[] {
  const found: HydraFolder[] = [];
  const queue = ['outputs', 'multirun', '.'].map((name) => join(root, name));
  const seen = new Set<string>();
  for (let entries = 0; queue.length > 0 && entries < MAX_ENTRIES;) {
    const folder = queue.shift()!;
    if (seen.has(folder)) continue;
    seen.add(folder);
    for (const entry of listEntries(folder)) {
      entries += 1;
      if (!entry.isDirectory()) continue;
      const path = join(folder, entry.name);
      if (entry.name === '.hydra') {
        // The folder's own time stays where its files are written anew.
        const mtimeMs = readMtime(join(path, 'config.yaml'));
        if (mtimeMs >= sinceMs) found.push({ path, mtimeMs });
      } else if (!SKIPPED_FOLDERS.has(entry.name)) {
        queue.push(path);
      }
    }
  }
  return found;
}

function listEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readMtime(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function readHydraOutput(root: string, hydraFolder: string): Attributes {
  const job = asRecord(
    asRecord(asRecord(readYaml(join(hydraFolder, 'hydra.yaml')))['hydra'])['job'],
  );
  const described = describeJob({
    name: job['name'],
    number: job['num'],
    overrides: readYaml(join(hydraFolder, 'overrides.yaml')),
    config: readText(join(hydraFolder, 'config.yaml')),
  });
  return { ...described, [ATTR.hydraRunDir]: relative(root, dirname(hydraFolder)) || '.' };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
