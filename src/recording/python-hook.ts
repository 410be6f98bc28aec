import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findPackageRoot } from '../config/package-root.ts';
import type { Config } from '../config/sections.ts';
import { toSeverity } from '../config/sections/formats.ts';
import { toPythonLevel } from '../model/severity.ts';

/** Whether and where the hook goes into the run's Python processes. */
export interface PythonHook {
  readonly isOn: boolean;
  /** Names of programs that it stays out of. */
  readonly except: readonly string[];
  /** Format and level that the project's stages are to log in, where a file of the project's own says so. */
  readonly logging?: { readonly format: string; readonly level: number };
}

/** What the configuration says of the hook. */
export function toPythonHook({ python, logging }: Config): PythonHook {
  const level = toSeverity(logging.level);
  return {
    isOn: python.hook,
    except: python.except,
    // Only `logging.from` is about the stages; format and level by themselves are about what is shown of the run.
    ...(logging.from !== undefined &&
      level !== undefined && { logging: { format: logging.format, level: toPythonLevel(level) } }),
  };
}

/** The folder that Python imports the hook from; `undefined` where the package has lost it. */
export function findHookFolder(): string | undefined {
  const root = findPackageRoot();
  const folder = root === undefined ? undefined : join(root, 'python');
  return folder !== undefined && existsSync(join(folder, 'sitecustomize.py')) ? folder : undefined;
}

/**
 * What the hook needs of a command's environment: its folder first on `PYTHONPATH`, once, and, for Pythons that have it from
 * a `.pth` file (`init venv`), in a variable of ours. Where it is off, nothing of a run around this one is left.
 */
export function toHookVariables(hook: PythonHook, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folder = findHookFolder();
  if (folder === undefined) return {};
  const others = (env['PYTHONPATH'] ?? '').split(delimiter).filter((path) => path !== folder);
  const rest = others.join(delimiter);
  if (!hook.isOn) return { ...(env['PYTHONPATH'] && { PYTHONPATH: rest }), STAGELIGHT_HOOK: '' };
  return {
    // An empty entry would be the working directory.
    PYTHONPATH: rest === '' ? folder : `${folder}${delimiter}${rest}`,
    STAGELIGHT_HOOK: folder,
    STAGELIGHT_HOOK_EXCEPT: hook.except.join(delimiter),
    ...(hook.logging !== undefined && {
      STAGELIGHT_HOOK_FORMAT: hook.logging.format,
      STAGELIGHT_HOOK_LEVEL: String(hook.logging.level),
    }),
  };
}
