// The Collector's configuration for what `stagelight run` does to each line, as far as it can do that: time, level, logger,
// tracebacks as one record, and known shapes of secrets masked.

// `src/model/secrets.ts` in the words of Go's regular expressions, which have no look-ahead and repeat 1000 times at most.
const SECRETS = [
  String.raw`\b(?:AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z2-7]{16}\b`,
  String.raw`\bgh[pousr]_[A-Za-z0-9]{36,255}\b`,
  String.raw`\bgithub_pat_\w{22,255}\b`,
  String.raw`\bglpat-[\w-]{20,64}`,
  String.raw`\bxox[abposr]-[A-Za-z0-9-]{10,255}`,
  String.raw`https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}`,
  String.raw`\beyJ[\w-]{8,1000}\.eyJ[\w-]{8,1000}\.[\w-]{8,1000}`,
  String.raw`\bAIza[\w-]{35}\b`,
  String.raw`\bhf_[A-Za-z0-9]{30,64}\b`,
  String.raw`\bsk-[A-Za-z0-9_-]{20,255}`,
  String.raw`\b[sr]k_live_[A-Za-z0-9]{16,128}\b`,
  String.raw`\bnpm_[A-Za-z0-9]{36}\b`,
  String.raw`\bpypi-[\w-]{50,512}`,
  String.raw`\b[Bb]earer [\w.~+/-]{16,1000}=*`,
  String.raw`\b[Bb]asic [A-Za-z0-9+/]{16,1000}={0,2}`,
  String.raw`(?i)\b[a-z][a-z0-9+.-]{1,30}://[^\s/@:]{0,256}:[^\s/@]{1,512}@`,
  String.raw`(?i)(?:^|[^a-z0-9])(?:passw(?:or)?d|passphrase|pwd|secret|api_?key|access_?key|private_?key|account_?key|client_?secret|auth_?token|access_?token|refresh_?token|credentials?)["']?\s{0,3}[=:]\s{0,3}[^\s,;&|)}\]]{3,1000}`,
];
/** What they begin with, as here: lines without it aren't searched for them. */
const HINT = String.raw`gh[pousr]_|github_pat_|hf_|npm_|k_live_|glpat-|xox[a-z]-|sk-|pypi-|eyJ|AIza|earer |asic |://\S*:|hooks\.slack|A[KSGIRN][IRPDON]A[A-Z2-7]{16}|(?i:rd|wd|se|et|ey|en|al|ls)["' _.0-9-]*[=:]`;

const FORMATS = [
  {
    id: 'hydra',
    regex: String.raw`^\[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\]\[(?P<logger>[^\]]+)\]\[(?P<level>[A-Z]+)\] - (?P<message>.*)$`,
    layout: '%Y-%m-%d %H:%M:%S,%L',
  },
  {
    id: 'optuna',
    regex: String.raw`^\[(?P<level>[DIWEC]) (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] (?P<message>.*)$`,
    layout: '%Y-%m-%d %H:%M:%S,%L',
  },
  {
    id: 'prefect',
    regex: String.raw`^(?P<time>\d\d:\d\d:\d\d\.\d{3}) \| (?P<level>[A-Z]+)\s* \| (?P<source>.+?) - (?P<message>.*)$`,
    layout: '%H:%M:%S.%L',
  },
  {
    id: 'mlflow',
    regex: String.raw`^(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (?P<level>[A-Z]+) (?P<logger>[\w.]+): (?P<message>.*)$`,
    layout: '%Y/%m/%d %H:%M:%S',
  },
];

/** The configuration, as JSON, which is YAML. */
export function toCollectorConfig({ input, output, masks }) {
  return JSON.stringify({
    receivers: {
      file_log: {
        include: [input],
        start_at: 'beginning',
        operators: [
          {
            type: 'recombine',
            combine_field: 'body',
            is_first_entry: 'not (body matches "^(  File |    |[A-Za-z.]+Error: )")',
          },
          ...FORMATS.map(toParser),
        ],
      },
    },
    ...(masks && { processors: { transform: { log_statements: [toMasking()] } } }),
    exporters: { file: { path: output } },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      pipelines: {
        logs: {
          receivers: ['file_log'],
          ...(masks && { processors: ['transform'] }),
          exporters: ['file'],
        },
      },
    },
  });
}

function toParser({ id, regex, layout }) {
  return {
    id,
    type: 'regex_parser',
    if: 'attributes.level == nil',
    regex,
    on_error: 'send_quiet',
    timestamp: { parse_from: 'attributes.time', layout, on_error: 'send_quiet' },
    severity: {
      parse_from: 'attributes.level',
      mapping: { info: 'I', warn: 'W', error: 'E' },
      on_error: 'send_quiet',
    },
  };
}

function toMasking() {
  return {
    context: 'log',
    conditions: [`IsMatch(log.body, ${JSON.stringify(HINT)})`],
    statements: SECRETS.map(
      (shape) => `replace_pattern(log.body, ${JSON.stringify(shape)}, "***")`,
    ),
  };
}
