import { ATTR } from '../model/attributes.ts';
import { SEVERITY } from '../model/severity.ts';
import type { Grammar } from './grammar.ts';
import { WARNING, WarningBlock } from './warning-block.ts';

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
    const match = WARNING.exec(line);
    if (match === null) return undefined;
    const body = match[4]!;
    return {
      body,
      severityText: match[3]!,
      severity: SEVERITY.warn,
      attributes: { [ATTR.codeFilePath]: match[1]!, [ATTR.codeLine]: Number(match[2]) },
      block: () => new WarningBlock(body),
    };
  },
};
