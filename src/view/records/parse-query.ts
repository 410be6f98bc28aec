import { LEVEL_NAMES, fromLevelName, fromPythonLevel } from '../../model/severity.ts';

/** The lowest severity that `--level` means: a level's name, or Python's number. `undefined` for what is neither. */
export function parseLevel(text: string): number | undefined {
  return /^\d{1,4}$/.test(text) ? fromPythonLevel(Number(text)) : fromLevelName(text);
}

/** The names that `--level` takes, lower case. */
export const LEVEL_WORDS: readonly string[] = LEVEL_NAMES.map((name) => name.toLowerCase());

/**
 * The regular expression that `--grep` means. As with ripgrep's smart case, only one that has a capital letter
 * distinguishes them.
 * @throws {SyntaxError} when it isn't one.
 */
export function parsePattern(text: string): RegExp {
  const letters = text.replace(/\\./gs, '');
  return new RegExp(text, /\p{Lu}/u.test(letters) ? 'm' : 'im');
}
