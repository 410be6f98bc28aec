import { fromLevelName } from '../model/severity.ts';
import { createRecordBlock } from './traceback-after.ts';
import type { Grammar } from './grammar.ts';

/**
 * MLflow's log lines, `2026/11/23 01:33:56 INFO mlflow.tracking.fluent: message`, on stderr (coloured on a terminal), those
 * of the server below it, which name no logger, and the two lines with which it ends a run on a server. Checked on
 * MLflow 3.17.2.
 */
export const mlflow: Grammar = {
  name: 'mlflow',
  starts: '2🏃🧪',
  read(line) {
    const view = VIEW_RUN.exec(line);
    if (view !== null) return { body: line, attributes: { 'mlflow.run_id': view[1]! } };
    if (line.startsWith('🧪 View experiment at: ')) return { body: line };
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const severityText = match[2]!;
    const severity = fromLevelName(severityText);
    if (severity === undefined) return undefined;
    const logger = match[3];
    const body = match[4]!;
    return {
      body,
      severityText,
      severity,
      stamp: match[1]!,
      ...(logger !== undefined && { logger }),
      block: createRecordBlock({ severity, logger, body }),
    };
  },
};

const LINE =
  /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) ([A-Z]{4,10})(?: ([A-Za-z_][\w.]{0,200}): |: {1,5})(.*)$/s;
const VIEW_RUN = /^🏃 View run .{1,400} at: \S{1,1000}\/runs\/([0-9a-f]{32})$/;
