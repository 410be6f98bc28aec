/** What the names of all our environment variables begin with. */
export const PREFIX = 'STAGELIGHT_';

/** Our variables that are no settings: they say where things are, or tie a process to a run. */
export const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'STAGELIGHT_CONFIG',
  'STAGELIGHT_DIR',
  'STAGELIGHT_RUN_ID',
  'STAGELIGHT_RUN_DIR',
  'STAGELIGHT_DEPTH',
  'STAGELIGHT_CONSOLE',
  'STAGELIGHT_STDOUT',
  'STAGELIGHT_STDERR',
  'STAGELIGHT_STAGE',
  'STAGELIGHT_SHELL',
  'STAGELIGHT_ADOPTED',
  'STAGELIGHT_NODE',
  'STAGELIGHT_CLI',
  'STAGELIGHT_HOOK',
  'STAGELIGHT_HOOK_EXCEPT',
  'STAGELIGHT_HOOK_FORMAT',
  'STAGELIGHT_HOOK_LEVEL',
  'STAGELIGHT_OTLP_ENDPOINT',
]);

/** Whether a variable may be a setting; `environment.ts` knows for sure, and takes longer to load. */
export function isConfigVariable(name: string): boolean {
  return name.startsWith(PREFIX) && !OTHER_VARIABLES.has(name);
}
