import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { identifyProcess, isAlive } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * Takes a lock file for this process; gives what releases it, or `undefined` while another living process has it. A lock
 * whose process is gone is taken over.
 * @throws the file system's error when the file can't be made.
 */
export function tryLock(path: string): (() => void) | undefined {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(path, JSON.stringify(identifyProcess()), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isHeld(path)) return undefined;
    rmSync(path, { force: true });
  }
  return undefined;
}

function isHeld(path: string): boolean {
  try {
    // One of another host can't be asked; it is believed.
    return isAlive(JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity) ?? true;
  } catch {
    return false; // torn by a process that was killed as it wrote it, or gone meanwhile
  }
}
