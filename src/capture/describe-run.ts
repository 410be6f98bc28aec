import { hostname } from 'node:os';
import { basename, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ATTR } from '../model/attributes.ts';
import { isRunId, toRootSpanId } from '../model/ids.ts';
import type { RunId, SpanId } from '../model/ids.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { GitState, LoggingSettings, MlflowTie, RunInfo } from '../model/run-info.ts';
import { MASK, SecretMasker, isSecretValue } from '../model/secrets.ts';
import { now, toNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { localZoneName } from '../model/local-zone.ts';
import { VERSION } from '../model/version.ts';
import { findUp } from '../spool/layout.ts';
import { identifyProcess } from '../spool/process-identity.ts';
import { readGitState } from './git.ts';

export interface RunRequest {
  readonly runId: RunId;
  readonly runDir: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The pipeline's name; derived when left out. */
  readonly name?: string | undefined;
  /** `deployment.environment.name`; from `OTEL_RESOURCE_ATTRIBUTES`, else `ci` or `local`, when left out. */
  readonly environment?: string | undefined;
  /** Make the run part of the trace that `TRACEPARENT` names, instead of linking to it. */
  readonly join: boolean;
  readonly logging: LoggingSettings;
  /** When it began; now, when left out. */
  readonly startedAt?: UnixTime;
  /** The run in MLflow that stands for it, where that was made first. */
  readonly mlflow?: MlflowTie | undefined;
}

/** What pipeline a command belongs to, in which working tree. */
export interface PipelinePlace {
  readonly pipeline: string;
  readonly git: GitState | undefined;
}

export function describePlace({ cwd, name }: Pick<RunRequest, 'cwd' | 'name'>): PipelinePlace {
  const git = readGitState(cwd);
  return { git, pipeline: name ?? derivePipelineName(cwd, git) };
}

/** All that is known of a run before it begins. */
export function describeRun(
  request: RunRequest,
  place: PipelinePlace = describePlace(request),
): RunInfo {
  const { runId, command, cwd, env, logging } = request;
  const { git, pipeline } = place;
  const outer = parseTraceparent(env['TRACEPARENT']);
  const joined = request.join ? outer : undefined;
  return {
    schema: 1,
    runId,
    traceId: joined?.traceId ?? runId,
    rootSpanId: toRootSpanId(runId),
    ...(joined !== undefined && { remoteParent: joined.spanId }),
    ...(joined === undefined && outer !== undefined && { link: outer }),
    pipeline,
    command: createMasker(logging).maskArguments(command),
    cwd,
    timeZone: localZoneName(),
    startedAt: toNanoString(request.startedAt ?? now()),
    state: 'running',
    process: identifyProcess() ?? { pid: process.pid, startedAt: '', bootId: '', host: hostname() },
    resource: toResource({ ...request, pipeline, git }),
    ...(git !== undefined && { git }),
    ...(request.mlflow !== undefined && { mlflow: request.mlflow }),
    logging,
  };
}

function createMasker({ secretRules }: LoggingSettings): SecretMasker {
  return new SecretMasker(
    secretRules.map(({ name, pattern }) => ({ name, pattern: new RegExp(pattern, 'g') })),
  );
}

/** Parses a W3C `traceparent`. What isn't a valid one is no parent. https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTraceparent(
  text: string | undefined,
): { traceId: RunId; spanId: SpanId } | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/.exec(
    text ?? '',
  );
  if (match === null || !isRunId(match[1] ?? '') || /^0+$/.test(match[2]!)) return undefined;
  return { traceId: match[1]!, spanId: match[2]! };
}

/** The repository, and the path of its `dvc.yaml` where that isn't at the root. */
function derivePipelineName(cwd: string, git: GitState | undefined): string {
  const pipelineDir = findUp(cwd, 'dvc.yaml') ?? cwd;
  if (git === undefined) return basename(pipelineDir) || 'pipeline';
  const repository = parseRepository(git.remote)?.name ?? basename(git.root);
  const path = relative(git.root, pipelineDir);
  // A dvc.yaml above the repository is another project's.
  return path === '' || path.startsWith('..') ? repository : `${repository}/${path}`;
}

function toResource(
  facts: RunRequest & { pipeline: string; git: GitState | undefined },
): Attributes {
  const { env, pipeline, environment, runId, runDir, git } = facts;
  const isCi = env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false';
  const given = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES']);
  return {
    [ATTR.environmentName]: isCi ? 'ci' : 'local',
    ...given,
    ...(environment !== undefined && { [ATTR.environmentName]: environment }),
    [ATTR.serviceName]: env['OTEL_SERVICE_NAME'] || given[ATTR.serviceName] || pipeline,
    [ATTR.serviceInstanceId]: runId,
    [ATTR.distroName]: 'stagelight',
    [ATTR.distroVersion]: VERSION,
    [ATTR.pipelineName]: pipeline,
    [ATTR.pipelineRunId]: runId,
    [ATTR.pipelineRunUrl]: pathToFileURL(runDir).href,
    ...toRepositoryAttributes(git),
    [ATTR.hostName]: hostname(),
    [ATTR.osType]: process.platform,
    [ATTR.runtimeName]: 'nodejs',
    [ATTR.runtimeVersion]: process.versions.node,
  };
}

function toRepositoryAttributes(git: GitState | undefined): Attributes {
  if (git === undefined) return {};
  const repository = parseRepository(git.remote);
  const ref = git.branch ?? git.tag;
  return {
    ...(repository !== undefined && {
      [ATTR.repositoryUrl]: repository.url,
      [ATTR.repositoryName]: repository.name,
      ...(repository.owner !== undefined && { [ATTR.vcsOwner]: repository.owner }),
      ...(repository.provider !== undefined && { [ATTR.vcsProvider]: repository.provider }),
    }),
    ...(ref !== undefined && {
      [ATTR.refName]: ref,
      [ATTR.refType]: git.branch === undefined ? 'tag' : 'branch',
    }),
    ...(git.revision !== undefined && { [ATTR.refRevision]: git.revision }),
  };
}

interface Repository {
  readonly url: string;
  readonly name: string;
  readonly owner?: string;
  readonly provider?: string;
}

const PROVIDERS = ['github', 'gitlab', 'gitea', 'bitbucket'];

/** A remote's URL in its web form: without credentials and `.git`. */
export function parseRepository(remote: string | undefined): Repository | undefined {
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/)(.+)$/.exec(remote ?? '');
  const url = scp === null ? tryUrl(remote) : tryUrl(`https://${scp[1]}/${scp[2]}`);
  if (url === undefined || !url.hostname) return undefined;
  const path = url.pathname.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const parts = path.split('/');
  const name = parts.pop();
  if (name === undefined || name === '') return undefined;
  const scheme = url.protocol === 'http:' ? 'http:' : 'https:';
  const provider = PROVIDERS.find((each) => url.hostname.includes(each));
  return {
    url: `${scheme}//${url.hostname}${url.port === '' || url.protocol === 'ssh:' ? '' : `:${url.port}`}/${path}`,
    name,
    ...(parts.length > 0 && { owner: parts.join('/') }),
    ...(provider !== undefined && { provider }),
  };
}

function tryUrl(text: string | undefined): URL | undefined {
  try {
    return text === undefined ? undefined : new URL(text);
  } catch {
    return undefined;
  }
}

/** `key=value,…` with percent escapes. https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable */
function parseResourceAttributes(text: string | undefined): Attributes {
  const attributes: Attributes = {};
  for (const pair of (text ?? '').split(',')) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    const key = pair.slice(0, equals).trim();
    const value = decode(pair.slice(equals + 1).trim());
    attributes[key] = isSecretValue(key, value) ? MASK : value;
  }
  return attributes;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
