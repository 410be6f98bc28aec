import type { LoggingSettings } from '../model/run-info.ts';
import { SEVERITY } from '../model/severity.ts';
import { DEFAULT_LOGGING } from './defaults.ts';
import { isReadingFormat, toSeverity } from './sections/formats.ts';
import type { Config } from './sections.ts';

/** The part of the configuration that is kept with a run: how its text is read and shown. */
export function toLoggingSettings({ logging, secrets }: Config): LoggingSettings {
  return {
    format: logging.format,
    ...(logging.date_format !== undefined && { dateFormat: logging.date_format }),
    minimumSeverity: toSeverity(logging.level) ?? SEVERITY.trace,
    formats: toReadingFormats(logging),
    secretRules: secrets.rules,
  };
}

/** A format of the user's own is most likely the one that the scripts print in, so lines are read by it too. */
function toReadingFormats({ format, formats }: Config['logging']): readonly string[] {
  const isOwn = format !== DEFAULT_LOGGING.format && isReadingFormat(format);
  return isOwn ? [...new Set([...formats, format])] : formats;
}
