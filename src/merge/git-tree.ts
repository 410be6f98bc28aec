import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { ATTR } from '../model/attributes.ts';
import type { RunInfo } from '../model/run-info.ts';

/** A repository that takes longer to compare is too large to wait for: the run goes on without knowing. */
const TIMEOUT_MS = 1000;

/** The run, with whether its working tree has changes that aren't committed, and the hash of their diff. */
export async function addTreeState(info: RunInfo): Promise<RunInfo> {
  if (info.git === undefined) return info;
  const { root } = info.git;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const status = await runGit(['status', '--porcelain', '--untracked-files=no'], {
      root,
      signal,
    });
    const isDirty = status.length > 0;
    const diffSha256 = isDirty ? await hashDiff(root, signal) : undefined;
    return {
      ...info,
      git: { ...info.git, isDirty, ...(diffSha256 !== undefined && { diffSha256 }) },
      resource: {
        ...info.resource,
        [ATTR.vcsDirty]: isDirty,
        ...(diffSha256 !== undefined && { [ATTR.vcsDiffSha256]: diffSha256 }),
      },
    };
  } catch {
    return info; // no git here, no repository that it can read, or not in time
  }
}

async function hashDiff(root: string, signal: AbortSignal): Promise<string> {
  const diff = await runGit(['diff', 'HEAD', '--no-ext-diff', '--no-color'], { root, signal });
  return diff.hash;
}

/** Runs git so that it changes nothing, not even its index. Gives how much it printed and the hash of it. */
function runGit(
  args: readonly string[],
  options: { root: string; signal: AbortSignal },
): Promise<{ length: number; hash: string }> {
  const { root, signal } = options;
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0' };
  const child = spawn('git', args, { cwd: root, env, signal, stdio: ['ignore', 'pipe', 'ignore'] });
  const hash = createHash('sha256');
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    hash.update(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve({ length, hash: hash.digest('hex') });
      else reject(new Error(`git ${args[0]} exited with ${code}`));
    });
  });
}
