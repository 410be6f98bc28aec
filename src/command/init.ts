import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { findHookFolder } from '../recording/python-hook.ts';
import { toState, writeNew } from '../setup/change.ts';
import type { Change } from '../setup/change.ts';
import { findLoggingOutputs, proposeHydraGroup } from '../setup/hydra-group.ts';
import { lookAtProject, toShownPath } from '../setup/look.ts';
import type { Project } from '../setup/look.ts';
import { adviseOn, proposeConfig } from '../setup/propose.ts';
import { findReruns } from '../setup/reruns.ts';
import { findEnvironment, removePthFile, toPthFile } from '../setup/venv.ts';
import type { Environment } from '../setup/venv.ts';
import { escapeLine } from '../view/text/escape.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printText } from './print.ts';

interface InitOptions {
  readonly yes?: boolean;
  readonly python?: string;
  readonly undo?: boolean;
}

/** `stagelight init [hydra | venv]` */
export const init: Command = {
  configure(program) {
    program
      .usage('[hydra | venv] [options]')
      .argument('[what]', 'hydra: a logging config group; venv: the hook in a virtual environment')
      .option('-y, --yes', 'write without asking')
      .option(
        '--python <path>',
        'venv: the Python whose environment it is (default: the active one)',
      )
      .option('--undo', 'venv: take the hook out again')
      .addHelpText(
        'after',
        `
Shows what it would write and which DVC stages would run again for it, and asks.
Files that are there already are left alone.`,
      );
  },
  async run({ args, options, io }) {
    const given = options as InitOptions;
    const [what] = args;
    if (what === 'venv') return await initVenv(given, io);
    if (given.undo === true || given.python !== undefined)
      throw new UsageError('--undo and --python are of: stagelight init venv');
    const project = lookAtProject(io.cwd, io.env);
    if (what === 'hydra') return await initHydra(project, given, io);
    if (what !== undefined)
      throw new UsageError(`nothing to init is called ${what}`, 'there are: hydra, venv');
    return await initProject(project, given, io);
  },
};

async function initProject(project: Project, given: InitOptions, io: CommandIo): Promise<number> {
  const change = proposeConfig(project);
  await printText(`${describeProject(project)}\n`, io);
  if (change !== undefined) await offer([change], { project, given, io });
  else if (project.configFile !== undefined)
    await printText(`${toShownPath(project, project.configFile)} is there already.\n`, io);
  else await printText('Nothing has to be configured.\n', io);
  const advice = adviseOn(project).map((line) => `  - ${line}`);
  await printText(`\nNext:\n${advice.join('\n')}\n`, io);
  return EXIT.ok;
}

async function initHydra(project: Project, given: InitOptions, io: CommandIo): Promise<number> {
  const changes = proposeHydraGroup(project);
  if (changes.length === 0)
    throw new UsageError(
      'no folder of Hydra configuration here',
      'it is looked for in Python files with @hydra.main(config_path=...)',
    );
  await offer(changes, { project, given, io });
  const outputs = findLoggingOutputs(project);
  if (outputs.length > 0) {
    await printText(
      `\nHydra's log file lies in an output of ${outputs.join(', ')}: with the run's ID in its lines that output\n` +
        `would be another one in every run. Move hydra.run.dir, or leave the ID out of the format.\n`,
      io,
    );
  }
  const reruns = new Set(
    project.hydraFolders.flatMap((folder) => findReruns(project.dvc, join(folder, 'config.yaml'))),
  );
  await printText(
    `\nTo use it, add to the defaults list of your config:\n  - override hydra/job_logging: stagelight\n` +
      (reruns.size > 0
        ? `Stages that depend on that file run again for it: ${[...reruns].join(', ')}\n`
        : ''),
    io,
  );
  return EXIT.ok;
}

async function initVenv({ python, undo, yes }: InitOptions, io: CommandIo): Promise<number> {
  const environment = requireEnvironment(python, io);
  if (undo === true) {
    const isGone = tryOr(() => removePthFile(environment), environment);
    await printText(
      isGone ? 'Removed.\n' : `There is nothing of ours in ${environment.packages}.\n`,
      io,
    );
    return EXIT.ok;
  }
  const folder = findHookFolder();
  if (folder === undefined) throw new UsageError('the hook is missing from this installation');
  const change = toPthFile(environment, folder);
  await offer([change], { project: undefined, given: { yes: yes ?? false }, io });
  return EXIT.ok;
}

function requireEnvironment(given: string | undefined, io: CommandIo): Environment {
  try {
    const environment = findEnvironment({ given, cwd: io.cwd, env: io.env });
    if (environment !== undefined) return environment;
  } catch (error) {
    throw new UsageError(`can't run ${given ?? 'python'}: ${firstLine(error)}`);
  }
  throw new UsageError(
    'no Python here',
    'name one: stagelight init venv --python .venv/bin/python',
  );
}

interface OfferOptions {
  readonly project: Project | undefined;
  readonly given: InitOptions;
  readonly io: CommandIo;
}

/** Shows files, with the stages that would run again for them, and writes them on yes. */
async function offer(changes: readonly Change[], options: OfferOptions): Promise<void> {
  const { project, given, io } = options;
  const fresh = changes.filter((change) => toState(change) === 'new');
  for (const change of changes) await printText(describeChange(change, project), io);
  if (fresh.length === 0) return;
  if (!(await isWanted(given, io))) return;
  for (const change of fresh) tryOr(() => writeNew(change), { packages: change.path });
  await printText(`Written: ${fresh.map(({ path }) => show(path, project)).join(', ')}\n`, io);
}

function describeChange(change: Change, project: Project | undefined): string {
  const name = show(change.path, project);
  const state = toState(change);
  if (state !== 'new') {
    const what =
      state === 'same' ? 'is there already' : 'is there already, and another one: left alone';
    return `\n${name} ${what}\n`;
  }
  const lines = change.text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${escapeLine(line)}`);
  const stages = project === undefined ? [] : findReruns(project.dvc, change.path);
  const reruns =
    stages.length > 0
      ? `  Stages that would run again, since they depend on its folder: ${stages.join(', ')}\n`
      : project !== undefined && project.stages.length > 0
        ? '  No stage runs again for it.\n'
        : '';
  return `\n${name}: ${change.reason}\n\n${lines.join('\n')}\n\n${reruns}`;
}

async function isWanted({ yes }: InitOptions, { stdin, stdout }: CommandIo): Promise<boolean> {
  if (yes === true) return true;
  if (stdin?.isTTY !== true || stdout.isTTY !== true) {
    stdout.write('Nothing is written: say --yes to write it.\n');
    return false;
  }
  const prompt = createInterface({ input: stdin, output: stdout });
  try {
    return /^y(?:es)?$/i.test((await prompt.question('Write it? [y/N] ')).trim());
  } finally {
    prompt.close();
  }
}

function describeProject({ root, stages, hydraFolders, tools }: Project): string {
  const found = [
    stages.length > 0 ? `DVC (${stages.length} stages)` : undefined,
    hydraFolders.length > 0 || tools.has('hydra') ? 'Hydra' : undefined,
    tools.has('optuna') ? 'Optuna' : undefined,
    tools.has('mlflow') ? 'MLflow' : undefined,
    tools.has('prefect') ? 'Prefect' : undefined,
  ].filter((each) => each !== undefined);
  return `${escapeLine(root)}: ${found.length === 0 ? 'none of the tools that stagelight knows' : found.join(', ')}`;
}

function show(path: string, project: Project | undefined): string {
  return escapeLine(project === undefined ? path : toShownPath(project, path));
}

function tryOr<T>(write: () => T, { packages }: { packages: string }): T {
  try {
    return write();
  } catch (error) {
    throw new UsageError(`can't write ${packages}: ${firstLine(error)}`);
  }
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!;
}
