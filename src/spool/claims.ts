import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Numbers the executions of a run's stages, from 1. A number is claimed by making a file that nobody else can make, so
 * observers in several processes never give two executions one number. The same claimant gets the same number again, so
 * that a run can be merged anew from its inboxes.
 */
export class ExecutionClaims {
  readonly #folder: string;
  /** The number to try next, by address: what this process has claimed itself isn't looked at again. */
  readonly #next = new Map<string, number>();

  /** @param folder the run's folder of claims */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The number of the next execution of the stage at `address`. @throws the file system's error. */
  claim(address: string, claimant: string): number {
    const key = createHash('sha256').update(address).digest('hex').slice(0, 16);
    for (let execution = this.#next.get(address) ?? 1; ; execution += 1) {
      if (!tryClaim(join(this.#folder, `${key}.${execution}`), claimant)) continue;
      this.#next.set(address, execution + 1);
      return execution;
    }
  }
}

function tryClaim(path: string, claimant: string): boolean {
  try {
    writeFileSync(path, claimant, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFileSync(path, 'utf8') === claimant;
  }
}
