import {
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identifyProcess, isAlive, toSourceName } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Another host's lock counts as left behind when it wasn't refreshed for this long. */
const FOREIGN_MS = 120_000;
const REFRESH_MS = 20_000;

let takenCount = 0;

/**
 * Takes a lock for this process; gives what releases it, or `undefined` while somebody else has it. A lock whose process
 * is gone is taken over.
 *
 * Everybody who wants it first puts down a file of his own beside `path`, and has the lock when no living one's is there.
 * Of two at the same moment none gets it, never both, and the file of a dead process can be cleared away by anyone: no
 * name is used twice. (With a single file, two that clear away a dead one's can each take away the other's.)
 * @throws the file system's error when the file can't be made.
 */
export function tryLock(path: string): (() => void) | undefined {
  if (isHeldByOther(path, undefined)) return undefined;
  takenCount += 1;
  const own = `${path}.${toSourceName()}-${takenCount.toString(36)}`;
  // By rename, so that nobody reads half of it.
  const temporary = join(dirname(path), `.${basename(own)}`);
  writeFileSync(temporary, JSON.stringify(identifyProcess()), { mode: 0o600 });
  renameSync(temporary, own);
  if (isHeldByOther(path, own)) {
    rmSync(own, { force: true });
    return undefined;
  }
  const refresh = setInterval(() => touch(own), REFRESH_MS);
  refresh.unref();
  return () => {
    clearInterval(refresh);
    rmSync(own, { force: true });
  };
}

function isHeldByOther(path: string, own: string | undefined): boolean {
  const prefix = `${basename(path)}.`;
  const others = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(dirname(path), name))
    .filter((file) => file !== own);
  return others.some((file) => {
    if (isHeld(file)) return true;
    rmSync(file, { force: true });
    return false;
  });
}

function isHeld(file: string): boolean {
  try {
    const alive = isAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity);
    // One of another host can't be asked.
    return alive ?? Date.now() - statSync(file).mtimeMs < FOREIGN_MS;
  } catch {
    return false; // gone meanwhile, or nothing that we wrote
  }
}

function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // The run directory is gone.
  }
}
