import type { LoggingSettings } from '../model/run-info.ts';

/** The settings without any configuration; `configs/logging/base.yaml` says the same. */
export const DEFAULT_LOGGING: LoggingSettings = {
  format: '%(asctime)s %(levelname)-8s %(stage)s: %(message)s',
  minimumSeverity: 1,
  formats: [],
  secretRules: [],
};
