import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ResultPromise } from 'execa';
import { createEnv, readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A folder of its own, in which `stagelight` and OpenTelemetry can be imported as a user would. */
export function createProject(files: Readonly<Record<string, string>>): string {
  const project = createTemporaryDir('stagelight-api-');
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules', 'stagelight'));
  const telemetry = join('node_modules', '@opentelemetry');
  symlinkSync(join(ROOT, telemetry), join(project, telemetry));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  return project;
}

const IMPORTS = `import * as stagelight from 'stagelight';
const { run, stage, study, logger, metric, childEnvironment, TrialPruned } = stagelight;
`;

/** A project with one program in it, `program.mjs`, which has the whole API in scope. */
export function createProgram(body: string, files: Readonly<Record<string, string>> = {}): string {
  return createProject({ ...files, 'program.mjs': `${IMPORTS}${body}` });
}

/** Runs a project's program by itself. Never rejects: a code other than 0 is a result like any other. */
export function runAlone(
  project: string,
  env: NodeJS.ProcessEnv = {},
): ResultPromise<ProgramOptions> {
  return execa(process.execPath, ['program.mjs'], {
    stdin: 'ignore',
    cwd: project,
    reject: false,
    extendEnv: false,
    env: createEnv(env),
  } satisfies ProgramOptions as ProgramOptions);
}

interface ProgramOptions {
  readonly stdin: 'ignore';
  readonly cwd: string;
  readonly reject: false;
  readonly extendEnv: false;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a project's program under `stagelight run`, and reads the run. */
export async function recordJoined(
  body: string,
  files: Readonly<Record<string, string>> = {},
): Promise<RecordedRun> {
  const project = createProgram(body, files);
  const { stderr } = await stagelight(project, [
    'run',
    '-q',
    '--',
    process.execPath,
    'program.mjs',
  ]);
  if (stderr !== '') throw new Error(String(stderr));
  return readRun(project);
}

/** Runs a program by itself, and reads the run that it began when that has been written. */
export async function recordAlone(body: string): Promise<RecordedRun & { readonly end: End }> {
  const project = createProgram(body);
  const { exitCode, signal, stdout, stderr } = await runAlone(project);
  return { ...(await readEndedRun(project)), end: { exitCode, signal, stdout, stderr } };
}

/** How a program ended. */
export interface End {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Reads the run of a project when it has been written, by whoever does it. */
export async function readEndedRun(project: string): Promise<RecordedRun> {
  await waitFor(() => readRun(project).info.state !== 'running');
  return readRun(project);
}

/** The bodies of a run's log records that aren't events. */
export function toBodies(run: RecordedRun, logger = 'app'): string[] {
  return run.lines.filter((record) => record.logger === logger).map(({ body }) => body);
}

/** The span of a name. */
export function findSpan(run: RecordedRun, name: string): RecordedRun['spans'][number] {
  const found = run.spans.find((span) => span.name === name);
  if (found === undefined)
    throw new Error(`no span ${name} in ${run.spans.map((span) => span.name).join(', ')}`);
  return found;
}
