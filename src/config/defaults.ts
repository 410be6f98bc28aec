import type { LoggingSettings } from '../model/run-info.ts';
import type { Config } from './sections.ts';

/** The settings without any configuration; `configs/logging/base.yaml` says the same. */
export const DEFAULT_LOGGING: LoggingSettings = {
  format: '%(asctime)s %(levelname)-8s %(stage)s: %(message)s',
  minimumSeverity: 1,
  formats: [],
  secretRules: [],
};

/**
 * The configuration without any: what is beneath every layer. It stands here as a value, and not as defaults inside the
 * schemas, so that a run without configuration loads neither them nor a YAML parser.
 */
export const DEFAULT_CONFIG: Config = {
  logging: { level: 'trace', format: DEFAULT_LOGGING.format, formats: DEFAULT_LOGGING.formats },
  secrets: { rules: DEFAULT_LOGGING.secretRules },
  run: { live: false, quiet: false, tty: true, otlp_receiver: false, flush_timeout: 10 },
  python: { hook: true, except: [] },
  dvc: { shell: true },
  export: {},
  mlflow: { enabled: true, send: true, start_timeout: 2, request_timeout: 30, stage_runs: false },
  verify: {},
};
