import { fromLevelName, fromPythonLevel } from '../../model/severity.ts';
import type { SeverityNumber } from '../../model/severity.ts';

/** The severity number of a level as the configuration has it; `undefined` for what is none. */
export function toSeverity(level: unknown): SeverityNumber | undefined {
  if (typeof level === 'number') {
    return Number.isInteger(level) && level >= 0 ? fromPythonLevel(level) : undefined;
  }
  if (typeof level !== 'string') return undefined;
  const text = level.trim();
  if (/^\d{1,9}$/.test(text)) return fromPythonLevel(Number(text));
  // Python's name of 0.
  return text.toUpperCase() === 'NOTSET' ? fromPythonLevel(0) : fromLevelName(text);
}

/** How the three styles of Python's `logging` write a field. */
const STYLES: readonly ((field: string) => RegExp)[] = [
  (field) => new RegExp(String.raw`%\(${field}\)`),
  (field) => new RegExp(String.raw`\{${field}[!:}]`),
  (field) => new RegExp(String.raw`\$(?:${field}\b|\{${field}\})`),
];

/** Whether `src/grammars/python-logging.ts` can read lines by a format: it has the message and a level. */
export function isReadingFormat(format: string): boolean {
  const style = STYLES.find((toPattern) => toPattern('message').test(format));
  return style !== undefined && style('(?:levelname|levelno)').test(format);
}
