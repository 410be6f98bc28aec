import type { RunInfo } from '../../model/run-info.ts';
import { SEVERITY } from '../../model/severity.ts';
import { isShownAsText } from '../../model/shown-text.ts';
import { compileTextFormat } from '../../model/text-format.ts';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import { toTextRecord } from '../../spool/text-record.ts';
import { escapeControls } from '../text/escape.ts';
import type { Paint, Style } from '../text/paint.ts';

/** Gives a record's text with a newline; `undefined` for one that the run's text doesn't show. */
export type ShowRecord = (record: StoredRecord) => string | undefined;

export interface RecordTextOptions {
  /** Records below aren't shown; those without a level are. */
  readonly minimumSeverity: number;
  /** Control characters in logged text come out as they are. */
  readonly isRaw: boolean;
  readonly paint: Paint;
}

/** Shows records in the run's configured format, as its `run.log` has them, each in the colour of its level. */
export function createRecordText(info: RunInfo, options: RecordTextOptions): ShowRecord {
  const { minimumSeverity, isRaw, paint } = options;
  const { format, dateFormat } = info.logging;
  const formatRecord = compileTextFormat(format, { dateFormat, zone: info.timeZone });
  return (record) => {
    if (!isShownAsText(record, minimumSeverity)) return undefined;
    const text = formatRecord(toTextRecord(record, info.runId));
    return `${paint.paint(isRaw ? text : escapeControls(text), toStyle(record.severity))}\n`;
  };
}

function toStyle(severity: number): Style | undefined {
  if (severity >= SEVERITY.error) return 'red';
  if (severity >= SEVERITY.warn) return 'yellow';
  return severity > 0 && severity < SEVERITY.info ? 'dim' : undefined;
}
