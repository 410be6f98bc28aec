import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, for their owner alone where `mode` says so. (Node's own recursive mkdir never returns
 * where a file system says that nothing is there although its parent is, as below /proc and where homes are mounted on
 * demand: seen on 20.20.2.)
 * @throws the file system's error
 */
export function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
