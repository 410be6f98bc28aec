import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../spool/make-folder.ts';

/** A file that `init` would write. */
export interface Change {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** What it is for, in a line. */
  readonly reason: string;
}

/** How a file stands to what would be written. */
export type ChangeState = 'new' | 'same' | 'differs';

export function toState({ path, text }: Change): ChangeState {
  if (!existsSync(path)) return 'new';
  return readFileSync(path, 'utf8') === text ? 'same' : 'differs';
}

/** Writes a new file. One that is there already is left alone. @throws the file system's error. */
export function writeNew({ path, text }: Change): void {
  makeFolder(dirname(path));
  writeFileSync(path, text, { flag: 'wx' });
}
