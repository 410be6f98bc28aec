import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../package-root.ts';

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
