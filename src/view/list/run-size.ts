import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of all files below a folder; what goes while it is looked at counts nothing. */
export function measureFolder(folder: string): number {
  let bytes = 0;
  for (const entry of readEntries(folder)) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? measureFolder(path) : measureFile(path);
  }
  return bytes;
}

function readEntries(folder: string): { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function measureFile(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
