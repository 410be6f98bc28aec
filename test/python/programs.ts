import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { TestContext } from 'vitest';
import { findProgram, skipOrFail } from '../support/peers.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const HOOK_FOLDER = fileURLToPath(new URL('../../python', import.meta.url));
/** A `sitecustomize` of the user's own, which counts what `logging` emits. */
export const COUNTER_FOLDER = join(HERE, 'counter');

/** A small Python program, and how it is run: said by the comments at its beginning. */
export interface Scenario {
  readonly name: string;
  readonly file: string;
  /** Modules that it imports; a `python` version stands for itself. */
  readonly needs: readonly string[];
  readonly flags: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isFromStdin: boolean;
  /** Its lines come in any order. */
  readonly isUnordered: boolean;
  /** Python is told not to look for hooks. */
  readonly isUnhooked: boolean;
}

/** All of `test/python/scenarios`. */
export const SCENARIOS: readonly Scenario[] = readdirSync(join(HERE, 'scenarios'))
  .filter((name) => name.endsWith('.py'))
  .toSorted()
  .map(readScenario);

function readScenario(fileName: string): Scenario {
  const file = join(HERE, 'scenarios', fileName);
  const head = /^(?:# .*\n)*/.exec(readFileSync(file, 'utf8'))![0];
  const find = (key: string): string[] =>
    [...head.matchAll(new RegExp(`^# ${key}(?:: (.*))?$`, 'gm'))].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
  return {
    name: fileName.slice(0, -'.py'.length),
    file,
    needs: [...find('needs'), ...find('python').map((version) => `python>=${version}`)],
    flags: find('flags'),
    args: find('args'),
    env: Object.fromEntries(find('env').map((pair) => pair.split('=') as [string, string])),
    isFromStdin: find('stdin').length > 0,
    isUnordered: find('unordered').length > 0,
    isUnhooked: find('unhooked').length > 0,
  };
}

/** The Python that has the tools, and one that has what doesn't go with them, where they are. */
export const PYTHON = findProgram('python') ?? findProgram('python3');
const OTHER_PYTHON = process.env['STAGELIGHT_TEST_SWEEPER'];

/**
 * A Python that has all that a test needs. Without one the test is skipped, and fails where it has to be there; a version
 * that nobody has here is always a skip.
 */
export function choosePython(needs: readonly string[], context: TestContext): string {
  const pythons = [PYTHON, OTHER_PYTHON].filter((each) => each !== undefined);
  const python = pythons.find((each) => needs.every((need) => hasModule(each, need)));
  if (python !== undefined) return python;
  const missing = needs.filter((need) => PYTHON === undefined || !hasModule(PYTHON, need));
  const reason = `needs ${missing.join(', ')}`;
  return reason.includes('python>=') ? context.skip(reason) : skipOrFail(context, reason);
}

const known = new Map<string, boolean>();

function hasModule(python: string, need: string): boolean {
  const key = `${python} ${need}`;
  let has = known.get(key);
  if (has === undefined) {
    const version = /^python>=3\.(\d+)$/.exec(need)?.[1];
    const code =
      version === undefined
        ? `import importlib, importlib.util as u; print(u.find_spec(${JSON.stringify(need.split('.')[0])}) is not None and all(u.find_spec(each) for each in [${JSON.stringify(need)}]))`
        : `import sys; print(sys.version_info >= (3, ${version}))`;
    has = execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim() === 'True';
    known.set(key, has);
  }
  return has;
}

/** The command line of a scenario. */
export function toCommand({ flags, file, args, isFromStdin }: Scenario): string[] {
  const isModule = flags.includes('-m');
  return [...flags, ...(isModule ? [] : [isFromStdin ? '-' : file]), ...args];
}

export interface Ended {
  readonly end: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a scenario in a folder. */
export async function runScenario(
  scenario: Scenario,
  options: { python: string; cwd: string; env: Record<string, string | undefined> },
): Promise<Ended> {
  const { python, cwd, env } = options;
  const { stdout, stderr, exitCode, signal } = await execa(python, toCommand(scenario), {
    cwd,
    env: {
      ...env,
      ...scenario.env,
      PREFECT_HOME: join(cwd, 'prefect'),
      PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
      PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '240',
    },
    input: scenario.isFromStdin ? readFileSync(scenario.file) : '',
    reject: false,
    stripFinalNewline: false,
  });
  return { end: String(signal ?? exitCode), stdout, stderr };
}

/** A record as it was counted: process, level, logger and message. */
export type Counted = readonly [pid: number, level: number, logger: string, message: string];

export function readCounted(file: string): Counted[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Counted);
}
