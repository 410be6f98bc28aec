import { ATTR, EVENT } from '../../model/attributes.ts';
import { toStudySpanId, toTrialSpanId } from '../../model/ids.ts';
import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { compareTimes, parseNanoString } from '../../model/time.ts';
import type { StoredRecord, StoredSpan } from '../../spool/signal-reader.ts';
import type { RunState } from '../open-run.ts';
import { INTERRUPTED, parseStatus } from '../run-status.ts';
import type { Status } from '../run-status.ts';
import type { Metric, NodeKind, RunNode } from './run-node.ts';

/** What a tree is made of. */
export interface TreeParts {
  readonly info: RunInfo;
  readonly state: RunState;
  /** Those that have ended. */
  readonly spans: readonly StoredSpan[];
  /** Events of stages and trials that began: those without a span are still open. */
  readonly starts: readonly StoredRecord[];
  readonly metrics: ReadonlyMap<string, readonly Metric[]>;
}

interface Draft extends RunNode {
  /** `undefined` where it isn't known. */
  parent: SpanId | undefined;
  readonly children: Draft[];
}

/**
 * Makes the tree of a run from its spans, which are written when they end: what is under way is put together from what
 * has told of its start. What belongs nowhere is put below the run.
 */
export function buildTree(parts: TreeParts): RunNode {
  const { info, spans, starts, metrics } = parts;
  const drafts = new Map<SpanId, Draft>();
  const add = (draft: Draft): void => {
    drafts.set(draft.spanId, { ...draft, metrics: metrics.get(draft.spanId) ?? [] });
  };
  add(toOpenRun(parts));
  for (const span of spans) add(toDraft(span, info.rootSpanId));
  for (const record of starts) {
    if (!drafts.has(record.spanId)) add(toOpenDraft(record, parts));
  }
  addOpenStudies(drafts, parts);
  const root = drafts.get(info.rootSpanId)!;
  for (const draft of drafts.values()) {
    if (draft !== root) (findParent(draft, drafts) ?? root).children.push(draft);
  }
  return sortChildren(root);
}

/** A span whose parent isn't known belongs to the run; one whose parents form a ring does too. */
function findParent(draft: Draft, drafts: ReadonlyMap<SpanId, Draft>): Draft | undefined {
  const parent = draft.parent === undefined ? undefined : drafts.get(draft.parent);
  const seen = new Set([draft.spanId]);
  for (let above = parent; above !== undefined;) {
    if (seen.has(above.spanId)) return undefined;
    seen.add(above.spanId);
    above = above.parent === undefined ? undefined : drafts.get(above.parent);
  }
  return parent;
}

function sortChildren(draft: Draft): RunNode {
  const isStudy = draft.kind === 'study';
  draft.children.sort((a, b) =>
    isStudy ? Number(a.name) - Number(b.name) : compareTimes(a.start, b.start),
  );
  for (const child of draft.children) sortChildren(child);
  return draft;
}

function toDraft(span: StoredSpan, rootSpanId: SpanId): Draft {
  const { spanId, attributes, start, end, links, isError, message } = span;
  const kind = spanId === rootSpanId ? 'run' : toKind(attributes);
  const type = attributes[ATTR.errorType];
  const error = {
    type: typeof type === 'string' ? type : undefined,
    message,
  };
  return {
    kind,
    spanId,
    parent: kind === 'run' ? undefined : span.parentSpanId,
    name: toName(kind, span.name, attributes),
    start,
    end,
    status: toStatus(span),
    attributes,
    error: isError || error.type !== undefined ? error : undefined,
    links,
    metrics: [],
    children: [],
  };
}

function toKind(attributes: Attributes): Exclude<NodeKind, 'run'> {
  if (attributes[ATTR.taskName] !== undefined) return 'stage';
  if (attributes[ATTR.trialNumber] !== undefined) return 'trial';
  if (attributes[ATTR.studyName] !== undefined) return 'study';
  if (attributes[ATTR.executableName] !== undefined) return 'command';
  if (attributes[ATTR.hydraJobNumber] !== undefined) return 'job';
  return attributes[ATTR.prefectFlowRunName] === undefined ? 'span' : 'flow';
}

/** Names of studies and trials are all the same on the wire. */
function toName(kind: NodeKind, name: string, attributes: Attributes): string {
  if (kind === 'study') return String(attributes[ATTR.studyName]);
  if (kind === 'trial') return String(attributes[ATTR.trialNumber]);
  if (kind === 'job') return String(attributes[ATTR.hydraJobNumber]);
  return name;
}

function toStatus({ attributes, isError }: StoredSpan): Status | undefined {
  if (attributes[ATTR.errorType] === INTERRUPTED) return INTERRUPTED;
  const result = attributes[ATTR.taskResult] ?? attributes[ATTR.pipelineResult];
  if (result !== undefined) return parseStatus(result);
  if (isError) return 'failure';
  return attributes[ATTR.trialState] === 'COMPLETE' ? 'success' : undefined;
}

function toOpenRun({ info, state }: TreeParts): Draft {
  return {
    ...toOpen(state),
    kind: 'run',
    spanId: info.rootSpanId,
    name: `RUN ${info.pipeline}`,
    start: parseNanoString(info.startedAt) ?? [0, 0],
    attributes: {},
  };
}

/** What its start event says of a stage or trial that hasn't ended: all but what it is in. */
function toOpenDraft(record: StoredRecord, { state }: TreeParts): Draft {
  const kind = record.eventName === EVENT.trialStart ? 'trial' : 'stage';
  const { attributes, spanId } = record;
  return {
    ...toOpen(state),
    kind,
    spanId,
    name: toName(kind, String(attributes[ATTR.taskName] ?? ''), attributes),
    start: record.time ?? record.observed,
    attributes,
  };
}

type OpenPart = Omit<Draft, 'kind' | 'spanId' | 'name' | 'start' | 'attributes'>;

function toOpen(state: RunState): OpenPart {
  return {
    parent: undefined,
    end: undefined,
    status: state === 'running' ? 'running' : INTERRUPTED,
    error: undefined,
    links: [],
    metrics: [],
    children: [],
  };
}

/**
 * A study tells of itself when it ends. Those under way are known by their trials: IDs are derived, so a trial names its
 * study, and the study's ID the stage that it is in.
 */
function addOpenStudies(drafts: Map<SpanId, Draft>, { info, state }: TreeParts): void {
  const places = [...drafts.values()].filter(({ kind }) => kind !== 'trial' && kind !== 'study');
  const placesOfStudies = new Map<string, Map<SpanId, SpanId>>();
  for (const trial of drafts.values()) {
    const name = trial.attributes[ATTR.studyName];
    const isAtHome = trial.parent !== undefined && drafts.has(trial.parent);
    if (trial.kind !== 'trial' || typeof name !== 'string' || isAtHome) continue;
    if (!placesOfStudies.has(name)) {
      placesOfStudies.set(
        name,
        new Map(places.map(({ spanId }) => [toStudySpanId(spanId, name), spanId])),
      );
    }
    const parent =
      placesOfStudies.get(name)!.get(trial.parent ?? '') ??
      places.find(({ spanId }) => isTrialOf(trial, { place: spanId, study: name }))?.spanId ??
      info.rootSpanId;
    trial.parent = toStudySpanId(parent, name);
    const known = drafts.get(trial.parent);
    if (known !== undefined && compareTimes(known.start, trial.start) <= 0) continue;
    drafts.set(trial.parent, {
      ...(known ?? { ...toOpen(state), attributes: { [ATTR.studyName]: name } }),
      kind: 'study',
      spanId: trial.parent,
      parent,
      name,
      start: trial.start,
    });
  }
}

function isTrialOf(trial: Draft, of: { readonly place: SpanId; readonly study: string }): boolean {
  const number = Number(trial.attributes[ATTR.trialNumber]);
  return toTrialSpanId(of.place, of.study, number) === trial.spanId;
}
