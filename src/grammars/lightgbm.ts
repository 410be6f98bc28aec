import { fromLevelName } from '../model/severity.ts';
import type { Grammar } from './grammar.ts';

/** What LightGBM's library prints to stdout: `[LightGBM] [Warning] message`. Checked on LightGBM 4.7.0. */
export const lightgbm: Grammar = {
  name: 'lightgbm',
  starts: '[',
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const severityText = match[1]!;
    return { body: match[2]!, severityText, severity: fromLevelName(severityText) };
  },
};

const LINE = /^\[LightGBM\] \[(Debug|Info|Warning|Fatal)\] (.*)$/s;
