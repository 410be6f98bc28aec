import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import type { TestContext } from 'vitest';

const BUILD = fileURLToPath(new URL('../peers/build.sh', import.meta.url));
/** Programs that `test/peers/build.sh` builds. */
const BUILT: ReadonlySet<string> = new Set(['otelcol', 'jaeger', 'loki', 'compose']);
const found = new Map<string, string | undefined>();

/**
 * Real peers: programs that tests talk to. Where one isn't there its tests are skipped with the reason, and fail where
 * `STAGELIGHT_PEERS=required` says that it has to be (in CI).
 */
export function findProgram(name: string): string | undefined {
  if (!found.has(name)) found.set(name, BUILT.has(name) ? findBuilt(name) : findOnPath(name));
  return found.get(name);
}

/** `test`, for tests that need programs: those of the PATH, and `otelcol`, `jaeger`, `loki`, `compose`. */
export function testWith(...programs: readonly string[]): typeof test {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return test;
  const reason = `needs ${missing.map(toNeed).join(', ')}`;
  const skip = (title: string): void =>
    test(`${title} (${reason})`, (context) => skipOrFail(context, reason));
  return Object.assign(skip, { each: () => skip }) as unknown as typeof test;
}

/** Ends a test whose peers aren't there: skipped with the reason, failed where they have to be. */
export function skipOrFail(context: TestContext, reason: string): never {
  if (process.env['STAGELIGHT_PEERS'] === 'required') throw new Error(reason);
  return context.skip(reason);
}

function toNeed(name: string): string {
  return BUILT.has(name) ? `${name}, built by test/peers/build.sh` : `${name} on the PATH`;
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function findBuilt(name: string): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync(BUILD, ['--find', name], { encoding: 'utf8', stdio: [...stdio] }).trim();
  } catch {
    return undefined;
  }
}
