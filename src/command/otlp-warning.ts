import { join } from 'node:path';
import { FILE } from '../spool/layout.ts';
import { readLines } from '../spool/signal-reader.ts';

/** Variables at which MLflow sends its traces elsewhere than to its own server. */
const VARIABLES = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const;
const DUAL = 'MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT';
/** Its loggers' names, and the attribute that its runs leave on spans. */
const SIGNS = ['"scope":{"name":"mlflow', '"key":"mlflow.run_id"'];

/**
 * What to say of a run that used MLflow while a standard variable of OpenTelemetry was set; `undefined` when there is
 * nothing to say. The variables are passed on as they are: they are the user's.
 */
export function warnOfMlflow(runDir: string, env: NodeJS.ProcessEnv): string | undefined {
  const variable = VARIABLES.find((name) => env[name]?.trim());
  if (variable === undefined || env[DUAL]?.toLowerCase() === 'true') return undefined;
  if (![FILE.traces, FILE.logs].some((file) => hasSign(join(runDir, file)))) return undefined;
  return `${variable} is set, so MLflow in this run sends its traces there instead of to its own server; set ${DUAL}=true for both, or say where runs go by STAGELIGHT_OTLP_ENDPOINT`;
}

function hasSign(path: string): boolean {
  for (const { bytes } of readLines(path)) {
    if (SIGNS.some((sign) => bytes.includes(sign))) return true;
  }
  return false;
}
