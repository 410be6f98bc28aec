import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findPackageRoot } from '../config/package-root.ts';

/** Shells that DVC gives options of their own, by name. Any other gets what `sh` gets. */
const NAMED = ['bash', 'zsh', 'fish'];

/**
 * The shell that DVC is to run its stages' commands with: a shim of ours, of the name that the user's shell has, which is
 * in `STAGELIGHT_SHELL` (empty where `SHELL` isn't set: that is /bin/sh to DVC). Nothing where the package has lost it, or
 * where a run around this one has set it.
 */
export function toShellVariables(isOn: boolean, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const root = findPackageRoot();
  if (root === undefined) return {};
  const { SHELL: shell = '', STAGELIGHT_SHELL: behind } = env;
  const folder = join(root, 'shim');
  if (dirname(shell) === folder) return isOn ? {} : { SHELL: behind || undefined };
  const name = basename(shell).toLowerCase();
  const path = join(folder, NAMED.includes(name) ? name : 'sh');
  if (!isOn || !existsSync(path)) return {};
  return {
    SHELL: path,
    STAGELIGHT_SHELL: shell,
    STAGELIGHT_NODE: process.execPath,
    STAGELIGHT_CLI: join(root, 'dist', 'cli', 'bin.js'),
  };
}
