import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the installed package: the nearest one above this file whose `package.json` is ours. (A fixed number of
 * folders up won't do: the command line is bundled, the library isn't.)
 */
function findPackageRoot(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (isOurs(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function isOurs(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown }).name === 'stagelight';
  } catch {
    return false;
  }
}

/** The presets of a group, by name: the files `configs/<group>/<name>.yaml`. */
export function findPresets(group: string): ReadonlyMap<string, string> {
  const root = findPackageRoot();
  if (root === undefined) return new Map();
  const folder = join(root, 'configs', group);
  const names = tryList(folder).filter((name) => name.endsWith('.yaml'));
  return new Map(
    names.toSorted().map((name) => [name.slice(0, -'.yaml'.length), join(folder, name)]),
  );
}

function tryList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
