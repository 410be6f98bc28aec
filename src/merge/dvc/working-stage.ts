import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LockedPath, LockedStage } from './lock.ts';
import { asRecord, readYaml } from './project.ts';
import type { DeclaredStage } from './project.ts';

/** Hashing more than this would hold up the merge for too long. */
const MAX_HASHED_BYTES = 16 * 1024 * 1024;

/**
 * A stage as it stands in the working tree, for one that failed: DVC locks only what ended well. Paths and values that
 * DVC fills in (`${…}`), folders and large files are left out.
 */
export function readWorkingStage(
  declared: DeclaredStage,
  commands: readonly string[],
): LockedStage {
  return {
    cmd: (commands.length > 0 ? commands : declared.cmd).join('\n'),
    deps: declared.deps.flatMap((path) => hashFile(declared.folder, path)),
    outs: [],
    params: Object.fromEntries(
      Object.entries(declared.params).map(([file, names]) => [
        file,
        pick(readYaml(join(declared.folder, file)), names),
      ]),
    ),
  };
}

function hashFile(folder: string, path: string): LockedPath[] {
  try {
    const { size } = statSync(join(folder, path));
    if (size > MAX_HASHED_BYTES) return [];
    const md5 = createHash('md5')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
    return [{ path, md5, size }];
  } catch {
    return []; // a folder, a template, or not there
  }
}

/** The values of dotted names; all values when there are no names. */
function pick(content: unknown, names: readonly string[]): Record<string, unknown> {
  if (names.length === 0) return asRecord(content);
  const found = names.map((name) => [
    name,
    name.split('.').reduce((value, key) => asRecord(value)[key], content),
  ]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Record<
    string,
    unknown
  >;
}
