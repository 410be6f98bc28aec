import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'vitest';

/**
 * Real peers: programs that tests talk to. Where one isn't there its tests are skipped with the reason, and fail where
 * `STAGELIGHT_PEERS=required` says that it has to be (in CI).
 */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** `test`, for tests that need programs. */
export function testWith(...programs: readonly string[]): typeof test {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return test;
  const reason = `needs ${missing.join(', ')} on the PATH`;
  const isRequired = process.env['STAGELIGHT_PEERS'] === 'required';
  return ((title: string) => {
    test(`${title} (${reason})`, (context) => {
      if (isRequired) throw new Error(reason);
      context.skip(reason);
    });
  }) as unknown as typeof test;
}
