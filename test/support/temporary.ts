import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder that goes when the test has ended. */
export function createTemporaryDir(prefix = 'stagelight-'): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  // A process that goes on behind the test, as a worker of `dvc queue` does, may still write.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));
  return folder;
}
