import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { waitFor } from './wait.ts';

/** A new folder that goes when the test has ended. */
export function createTemporaryDir(prefix = 'stagelight-'): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  // A process that goes on behind the test, as a worker of `dvc queue` does, may still write.
  onTestFinished(() => waitFor(() => tryRemove(folder), 60_000), 70_000);
  return folder;
}

function tryRemove(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return false;
    throw error;
  }
}
