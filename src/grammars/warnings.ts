import { ATTR } from '../model/attributes.ts';
import { SEVERITY } from '../model/severity.ts';
import type { Block, Grammar } from './grammar.ts';

/**
 * Python's `warnings`, as `warnings.showwarning` prints them: `path.py:12: UserWarning: message` and, where the source is
 * at hand, its line, indented by two. Checked on CPython 3.11.
 */
export const warnings: Grammar = {
  name: 'py.warnings',
  starts: '/<.~_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  read(line) {
    // The cheap question first: nearly every line of plain text comes by here.
    if (!line.includes('Warning: ')) return undefined;
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, path, lineNumber, category, body] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    return {
      body,
      severityText: category,
      severity: SEVERITY.warn,
      attributes: { [ATTR.codeFilePath]: path, [ATTR.codeLine]: Number(lineNumber) },
      block: () => new SourceBlock(),
    };
  },
};

const LINE =
  /^([^:]{1,1000}|<[^>]{1,100}>):(\d{1,9}): ((?:[A-Za-z_]\w{0,100}\.){0,10}[A-Z]\w{0,100}Warning): (.*)$/s;

/** The one line of source behind a warning. */
class SourceBlock implements Block {
  readonly isWhole = true;

  offer(line: string): 'last' | 'refuse' {
    return /^ {2}\S/.test(line) ? 'last' : 'refuse';
  }

  finish(): Record<string, never> {
    return {};
  }
}
