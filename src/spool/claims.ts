import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The number of a stage's execution in the run, from 1: claimed by making a file that nobody else can make, so that
 * observers in several processes never give two executions one number. The same claimant gets the same number again,
 * so that a run can be merged anew from its inboxes.
 */
export function claimExecution(claimsDir: string, address: string, claimant: string): number {
  const key = createHash('sha256').update(address).digest('hex').slice(0, 16);
  for (let execution = 1; ; execution += 1) {
    const path = join(claimsDir, `${key}.${execution}`);
    try {
      writeFileSync(path, claimant, { flag: 'wx', mode: 0o600 });
      return execution;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (readFileSync(path, 'utf8') === claimant) return execution;
  }
}
