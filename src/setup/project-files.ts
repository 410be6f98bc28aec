import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SKIPPED_FOLDERS } from '../merge/dvc/project.ts';

const MAX_FOLDERS = 2000;
const MAX_FILES = 5000;
const MAX_BYTES = 256 * 1024;

/** The files of a project with one of these endings, those of tools and virtual environments left out. */
export function listFiles(root: string, endings: readonly string[]): string[] {
  const found: string[] = [];
  const queue = [root];
  for (
    let seen = 0;
    queue.length > 0 && seen < MAX_FOLDERS && found.length < MAX_FILES;
    seen += 1
  ) {
    const folder = queue.shift()!;
    for (const entry of tryList(folder)) {
      const path = join(folder, entry.name);
      if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) found.push(path);
      const isOfProject = !SKIPPED_FOLDERS.has(entry.name) && !entry.name.startsWith('.');
      if (entry.isDirectory() && isOfProject && !isEnvironment(path)) queue.push(path);
    }
  }
  return found.toSorted();
}

/** The beginning of a text file; `''` for one that can't be read. */
export function readText(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(Math.min(MAX_BYTES, statSync(path).size));
      return bytes.toString('utf8', 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

function tryList(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isEnvironment(folder: string): boolean {
  return tryList(folder).some(({ name }) => name === 'pyvenv.cfg');
}
