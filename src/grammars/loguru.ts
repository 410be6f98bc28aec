import { ATTR } from '../model/attributes.ts';
import { fromLevelName } from '../model/severity.ts';
import { createRecordBlock } from './traceback-after.ts';
import type { Grammar } from './grammar.ts';

/** loguru's default: `2026-11-23 01:33:56.793 | INFO     | pkg.module:function:12 - message`. Checked on loguru 0.7. */
export const loguru: Grammar = {
  name: 'loguru',
  starts: '2',
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, stamp, severityText, logger, code, lineNumber, body] =
      match as unknown as string[] as [string, string, string, string, string, string, string];
    const severity = fromLevelName(severityText);
    if (severity === undefined) return undefined;
    return {
      body,
      stamp,
      severityText,
      severity,
      logger,
      attributes: { [ATTR.codeFunction]: code, [ATTR.codeLine]: Number(lineNumber) },
      block: createRecordBlock({ severity, logger, body }),
    };
  },
};

const LINE =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) \| ([A-Z]{4,10}) {0,6} \| ([^\s:]{1,300}):([^\s:]{1,200}):(\d{1,9}) - (.*)$/s;
