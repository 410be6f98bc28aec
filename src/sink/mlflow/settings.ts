import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where MLflow's runs are kept, and how to get at them. */
export interface MlflowSettings {
  /** The tracking server or local store; `undefined` where none is configured. */
  readonly store: MlflowStore | undefined;
  /** The experiment for runs of ours. */
  readonly experiment: ExperimentChoice | undefined;
  /** How long a run's start waits for the server. */
  readonly startTimeoutMs: number;
  /** How long one request may take. */
  readonly requestTimeoutMs: number;
  /** For the service, which may know runs that another process has written already. */
  readonly isSink?: boolean;
  /** Runs for stages too. */
  readonly stageRuns: boolean;
  /** With MLflow's own variables, and where Python is. */
  readonly env: NodeJS.ProcessEnv;
  /** Tags that everything gets that is made below this process: `MLFLOW_RUN_CONTEXT`, where it can be read. */
  readonly context: Readonly<Record<string, string>> | undefined;
}

export type ExperimentChoice =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'id'; readonly id: string };

export type MlflowStore =
  | {
      readonly type: 'server';
      /** Without credentials and without a slash at the end. */
      readonly url: string;
      readonly access: ServerAccess;
    }
  /** A database or folder that MLflow's Python package opens: `sqlite:///mlflow.db`, `./mlruns`. */
  | { readonly type: 'local'; readonly uri: string };

/** Where that is, for people: without credentials. */
export function toPlace({ store }: MlflowSettings): string {
  if (store === undefined) return "the store that the run's own code uses";
  return store.type === 'server' ? store.url : store.uri;
}

/** What a server asks of those who come. MLflow's own variables have it. */
export interface ServerAccess {
  readonly authorization: string | undefined;
  readonly insecureTls: boolean;
  readonly serverCertificatePath: string | undefined;
  readonly clientCertificatePath: string | undefined;
}

/** What the configuration's section `mlflow` says. */
export interface MlflowConfig {
  readonly enabled: boolean;
  readonly tracking_uri?: string;
  readonly experiment?: string;
  readonly start_timeout: number;
  readonly request_timeout: number;
  readonly stage_runs: boolean;
}

/** The configuration first, then MLflow's own variables: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html */
export function readMlflowSettings(config: MlflowConfig, env: NodeJS.ProcessEnv): MlflowSettings {
  const uri = toTrackingUri(config, env);
  return {
    store: config.enabled && uri ? parseStore(uri, env) : undefined,
    experiment: chooseExperiment(config, env),
    startTimeoutMs: config.start_timeout * 1000,
    requestTimeoutMs: config.request_timeout * 1000,
    stageRuns: config.stage_runs,
    env,
    context: parseRunContext(env['MLFLOW_RUN_CONTEXT']),
  };
}

/** The tracking URI that is configured. */
export function toTrackingUri(
  config: Pick<MlflowConfig, 'tracking_uri'>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return (config.tracking_uri ?? env['MLFLOW_TRACKING_URI']) || undefined;
}

/** `MLFLOW_RUN_CONTEXT`: a JSON object of tags. `undefined` for what isn't one. */
export function parseRunContext(
  text: string | undefined,
): Readonly<Record<string, string>> | undefined {
  if (!text) return {};
  try {
    const context: unknown = JSON.parse(text);
    const isObject = typeof context === 'object' && context !== null && !Array.isArray(context);
    return isObject ? (context as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

/** A tracking URI as a store. What isn't HTTP is left to MLflow's Python package. */
export function parseStore(uri: string, env: NodeJS.ProcessEnv): MlflowStore | undefined {
  if (!/^https?:/i.test(uri)) return { type: 'local', uri };
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const inUrl =
    url.username === ''
      ? undefined
      : toBasic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  url.username = '';
  url.password = '';
  const { origin, pathname } = url;
  return {
    type: 'server',
    url: `${origin}${pathname.replace(/\/+$/, '')}`,
    access: {
      authorization: toAuthorization(env) ?? inUrl,
      insecureTls: isTrue(env['MLFLOW_TRACKING_INSECURE_TLS']),
      serverCertificatePath: env['MLFLOW_TRACKING_SERVER_CERT_PATH'] || undefined,
      clientCertificatePath: env['MLFLOW_TRACKING_CLIENT_CERT_PATH'] || undefined,
    },
  };
}

function chooseExperiment(
  config: MlflowConfig,
  env: NodeJS.ProcessEnv,
): ExperimentChoice | undefined {
  if (config.experiment !== undefined) return { type: 'name', name: config.experiment };
  const name = env['MLFLOW_EXPERIMENT_NAME'];
  if (name) return { type: 'name', name };
  const id = env['MLFLOW_EXPERIMENT_ID'];
  return id ? { type: 'id', id } : undefined;
}

/** As MLflow's client does it: user and password before a token. */
function toAuthorization(env: NodeJS.ProcessEnv): string | undefined {
  const inFile = readCredentialsFile(env);
  const user = env['MLFLOW_TRACKING_USERNAME'] || inFile['mlflow_tracking_username'];
  const password = env['MLFLOW_TRACKING_PASSWORD'] || inFile['mlflow_tracking_password'];
  if (user && password) return toBasic(user, password);
  const token = env['MLFLOW_TRACKING_TOKEN'];
  return token ? `Bearer ${token}` : undefined;
}

function toBasic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** `~/.mlflow/credentials`: an INI file with a section `mlflow`. */
function readCredentialsFile(env: NodeJS.ProcessEnv): Record<string, string> {
  const values: Record<string, string> = {};
  try {
    let section = '';
    const text = readFileSync(join(env['HOME'] ?? '', '.mlflow', 'credentials'), 'utf8');
    for (const line of text.split('\n')) {
      section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
      const [, key, value] = /^\s*([\w.]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
      if (section === 'mlflow' && key !== undefined) values[key.toLowerCase()] = value ?? '';
    }
  } catch {
    // Nearly nobody has one.
  }
  return values;
}

function isTrue(text: string | undefined): boolean {
  return /^(?:true|1)$/i.test(text ?? '');
}
