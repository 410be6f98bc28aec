import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from './layout.ts';

const EXTENSION = '.json';

/** Where a destination keeps how far it has come with a run. */
export function toCursorPath(runDir: string, name: string): string {
  return join(runDir, FILE.cursor, `${name}${EXTENSION}`);
}

/** What {@link writeCursor} wrote; `undefined` when there is none that can be read. Nobody vouches for its shape. */
export function readCursor(runDir: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(toCursorPath(runDir, name), 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Writes a cursor, readable by its owner only, by rename: who reads it sees the old or the new one.
 * @throws the file system's error
 */
export function writeCursor(runDir: string, name: string, cursor: unknown): void {
  createCursorDir(runDir);
  const path = toCursorPath(runDir, name);
  // One name for all writers: only who holds the cursor's lock writes it.
  writeFileSync(`${path}.new`, `${JSON.stringify(cursor)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * Makes the folder of a run's cursors, and gives its path. Never the run's own: one that somebody removes stays removed.
 * @throws the file system's error
 */
export function createCursorDir(runDir: string): string {
  const folder = join(runDir, FILE.cursor);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return folder;
}

/** The names of the destinations that a run has been, or was to be, sent to. */
export function listCursors(runDir: string): string[] {
  try {
    return readdirSync(join(runDir, FILE.cursor))
      .filter((file) => file.endsWith(EXTENSION))
      .map((file) => file.slice(0, -EXTENSION.length));
  } catch {
    return [];
  }
}
