import { userInfo } from 'node:os';
import type { RunInfo } from '../../model/run-info.ts';
import { ATTR } from '../../model/attributes.ts';
import { VERSION } from '../../model/version.ts';
import { TAG } from './names.ts';
import type { RunKind } from './names.ts';
import { MAX_TAG_CHARS, cutText } from './limits.ts';

/** What is known of a run's MLflow run as soon as the run begins. */
export type BeginningRun = Pick<
  RunInfo,
  'pipeline' | 'command' | 'git' | 'resource' | 'attempt' | 'priorId'
> & { readonly traceId?: string };

/** The tags of the pipeline's run, when it begins: who, what, from which commit. */
export function toPipelineTags(run: BeginningRun, runId: string): Record<string, string> {
  const { pipeline, resource, git, attempt, priorId, traceId } = run;
  return cutAll({
    ...toSourceTags(run),
    [TAG.kind]: 'pipeline' satisfies RunKind,
    [TAG.runName]: pipeline,
    [TAG.pipeline]: pipeline,
    [TAG.version]: VERSION,
    [TAG.runId]: runId,
    [TAG.traceId]: traceId === runId ? undefined : traceId,
    [TAG.url]: toTagText(resource[ATTR.pipelineRunUrl]),
    [TAG.host]: toTagText(resource[ATTR.hostName]),
    [TAG.attempt]: attempt === undefined ? undefined : String(attempt),
    [TAG.priorId]: priorId,
    [TAG.dirty]: git?.isDirty === undefined ? undefined : String(git.isDirty),
  });
}

/** The tags by which MLflow shows who ran what from where. */
export function toSourceTags({ command, git, resource }: BeginningRun): Record<string, string> {
  return cutAll({
    [TAG.user]: toUser(),
    [TAG.sourceName]: command.join(' '),
    [TAG.sourceType]: 'LOCAL',
    [TAG.gitCommit]: git?.revision ?? toTagText(resource[ATTR.refRevision]),
    [TAG.gitBranch]:
      git?.branch ??
      (resource[ATTR.refType] === 'branch' ? toTagText(resource[ATTR.refName]) : undefined),
    [TAG.gitRepository]: toTagText(resource[ATTR.repositoryUrl]),
  });
}

function cutAll(tags: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags)
      .filter((tag): tag is [string, string] => tag[1] !== undefined && tag[1] !== '')
      .map(([key, value]) => [key, cutText(value, MAX_TAG_CHARS)]),
  );
}

function toTagText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** As MLflow's client says it: the name that the user is logged in by. */
function toUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // a container's user may have no name
  }
}
