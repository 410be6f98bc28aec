import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { findConfigFile } from '../config/layers/find-file.ts';
import { DvcProject, asRecord, readYaml } from '../merge/dvc/project.ts';
import { findUp } from '../spool/layout.ts';
import { listFiles, readText } from './project-files.ts';

/** What `init` knows of a project. */
export interface Project {
  /** The DVC root, else the git root, else the working directory. */
  readonly root: string;
  readonly dvc: DvcProject;
  readonly stages: readonly string[];
  /** Folders of Hydra configuration, absolute. */
  readonly hydraFolders: readonly string[];
  /** A file that gives the project's scripts their format and level, absolute. */
  readonly loggingFile: string | undefined;
  /** The tools that its Python files import. */
  readonly tools: ReadonlySet<string>;
  /** The user's own `stagelight.yaml`, where there is one. */
  readonly configFile: string | undefined;
}

const TOOLS = ['hydra', 'optuna', 'mlflow', 'prefect'] as const;
const IMPORT = new RegExp(String.raw`^\s*(?:import|from)\s+(${TOOLS.join('|')})\b`, 'gm');
const HYDRA_MAIN = /@hydra\.main\(|(?:initialize|initialize_config_dir)\(/;
const CONFIG_PATH = /config_path\s*=\s*["']([^"']+)["']/g;

/** Looks at a project. Reads files, and writes none. */
export function lookAtProject(cwd: string, env: NodeJS.ProcessEnv): Project {
  const root = findUp(cwd, '.dvc') ?? findUp(cwd, '.git') ?? resolve(cwd);
  const dvc = new DvcProject({ root, cwd });
  const tools = new Set<string>();
  const hydraFolders = new Set<string>();
  for (const path of listFiles(root, ['.py'])) {
    const text = readText(path);
    for (const [, tool] of text.matchAll(IMPORT)) tools.add(tool!);
    for (const folder of findConfigFolders(path, text)) hydraFolders.add(folder);
  }
  return {
    root,
    dvc,
    stages: [...dvc.all().keys()],
    hydraFolders: [...hydraFolders].toSorted(),
    loggingFile: findLoggingFile(root),
    tools,
    configFile: findConfigFile(cwd, env)?.path,
  };
}

/** The folders that a script's `hydra.main(config_path=...)` names: relative to the script. */
function findConfigFolders(script: string, text: string): string[] {
  if (!HYDRA_MAIN.test(text)) return [];
  return [...text.matchAll(CONFIG_PATH)]
    .map(([, path]) => resolve(dirname(script), path!))
    .filter((path) => existsSync(path));
}

/** A YAML file with `level` and `formatter` at its top, as Hydra projects keep them for their own logging helpers. */
function findLoggingFile(root: string): string | undefined {
  return listFiles(root, ['.yaml', '.yml'])
    .filter((path) => /logging/i.test(relative(root, path)))
    .find((path) => {
      const { formatter, level } = asRecord(readYaml(path));
      return (
        typeof formatter === 'string' && /%\(message\)s/.test(formatter) && level !== undefined
      );
    });
}

/** A path as it is shown: from the project's root. */
export function toShownPath(project: Project, path: string): string {
  return relative(project.root, path) || '.';
}

/** Where the configuration of stagelight itself goes. */
export function toConfigPath({ root }: Project): string {
  return join(root, 'stagelight.yaml');
}
