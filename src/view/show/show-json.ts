import { ATTR } from '../../model/attributes.ts';
import type { StageOutcome, TrialState } from '../../model/pipeline.ts';
import type { FirstError } from '../../model/run-info.ts';
import { toDurationMs, toNanoString } from '../../model/time.ts';
import { readTiedLinks } from '../../sink/mlflow/run-link.ts';
import type { MlflowLink } from '../../sink/mlflow/run-link.ts';
import { toAttributesJson, toNumberJson } from '../records/record-json.ts';
import type { AttributeJson } from '../records/record-json.ts';
import { toRunJson } from '../run-json.ts';
import type { RunJson } from '../run-json.ts';
import { toEndTime } from '../run-status.ts';
import type { Status } from '../run-status.ts';
import { toIsoTime } from '../text/units.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import type { LevelCounts } from '../tree/log-facts.ts';
import type { Metric, NodeError, NodeKind, RunNode } from '../tree/run-node.ts';
import { toStageFacts, toText } from '../tree/stage-facts.ts';
import type { StagePath } from '../tree/stage-facts.ts';
import { toStudyFacts, toTrialFacts } from '../tree/study-facts.ts';
import type { TrialFacts } from '../tree/study-facts.ts';

/** What `show --json` prints; what isn't known is left out. docs/reading-runs.md describes it. */
export interface ShowJson {
  readonly run: RunJson;
  /** Records by the range of their level. */
  readonly levels: LevelCounts;
  readonly firstError?: FirstError;
  /** What is inside the run, by start. */
  readonly nodes: readonly NodeJson[];
}

export interface NodeJson {
  readonly kind: NodeKind;
  readonly name: string;
  readonly spanId: string;
  readonly result?: Status;
  readonly startedAt: string;
  readonly startUnixNano: string;
  readonly endedAt?: string;
  readonly endUnixNano?: string;
  /** So far, for one that runs. */
  readonly durationMs: number;
  readonly error?: { readonly type?: string; readonly message?: string };
  readonly stage?: StageJson;
  readonly study?: StudyJson;
  readonly trial?: TrialJson;
  readonly metrics?: readonly MetricJson[];
  readonly links?: readonly LinkJson[];
  /** Its run in MLflow: of trials, and of stages where they have one. */
  readonly mlflow?: MlflowLink;
  readonly children?: readonly NodeJson[];
}

export interface StageJson {
  readonly outcome?: StageOutcome;
  readonly changed?: readonly string[];
  readonly skipReason?: string;
  /** The run that put out what a skipped stage would have. */
  readonly producedByRunId?: string;
  /** In words, when none of the runs here did. */
  readonly producedBy?: string;
  readonly command?: string;
  readonly params?: Readonly<Record<string, AttributeJson>>;
  readonly overrides?: readonly string[];
  readonly deps?: readonly StagePath[];
  readonly outs?: readonly StagePath[];
}

export interface StudyJson {
  readonly name: string;
  readonly direction?: string;
  readonly trialCount: number;
  readonly states: Readonly<Partial<Record<TrialState, number>>>;
  readonly best?: TrialJson;
}

export interface TrialJson {
  readonly number: number;
  readonly state?: TrialState;
  readonly values: readonly (number | string)[];
  readonly params: Readonly<Record<string, AttributeJson>>;
}

export interface MetricJson {
  readonly name: string;
  readonly value: number | string;
  readonly step?: number;
  readonly file?: string;
  readonly count: number;
}

export interface LinkJson {
  readonly traceId: string;
  readonly spanId: string;
  readonly kind?: string;
}

export function toShowJson({ run, root, levels, firstError }: RunCourse): ShowJson {
  return {
    run: toRunJson(run),
    levels,
    ...(firstError !== undefined && { firstError }),
    nodes: root.children.map((node) =>
      toNodeJson(node, { openMs: toOpenMs(run), mlflow: readTiedLinks(run.runDir) }),
    ),
  };
}

/** Until when the duration of what is under way counts. */
function toOpenMs(run: RunCourse['run']): (node: RunNode) => number {
  const end = toEndTime(run);
  return (node) => Math.max(0, toDurationMs(node.start, node.end ?? end));
}

interface NodeContext {
  readonly openMs: (node: RunNode) => number;
  readonly mlflow: ReadonlyMap<string, MlflowLink>;
}

function toNodeJson(node: RunNode, context: NodeContext): NodeJson {
  const { kind, name, spanId, status, start, end, error, metrics, links, children } = node;
  return {
    kind,
    name,
    spanId,
    ...(status !== undefined && { result: status }),
    startedAt: toIsoTime(start),
    startUnixNano: toNanoString(start),
    ...(end !== undefined && { endedAt: toIsoTime(end), endUnixNano: toNanoString(end) }),
    durationMs: context.openMs(node),
    ...(error !== undefined && { error: toErrorJson(error) }),
    ...(kind === 'stage' && { stage: toStageJson(node) }),
    ...(kind === 'study' && { study: toStudyJson(node) }),
    ...(kind === 'trial' && { trial: toTrialJson(toTrialFacts(node)) }),
    ...(metrics.length > 0 && { metrics: metrics.map(toMetricJson) }),
    ...(links.length > 0 && { links: links.map(toLinkJson) }),
    ...(context.mlflow.has(spanId) && { mlflow: context.mlflow.get(spanId)! }),
    ...(children.length > 0 && { children: children.map((child) => toNodeJson(child, context)) }),
  };
}

function toErrorJson({ type, message }: NodeError): NonNullable<NodeJson['error']> {
  return { ...(type !== undefined && { type }), ...(message !== undefined && { message }) };
}

function toStageJson(node: RunNode): StageJson {
  const { outcome, changed, skip, command, params, overrides, deps, outs } = toStageFacts(node);
  return {
    ...(outcome !== undefined && { outcome }),
    ...(changed !== undefined && { changed }),
    ...(skip?.reason !== undefined && { skipReason: skip.reason }),
    ...(skip?.producerRunId !== undefined && { producedByRunId: skip.producerRunId }),
    ...(skip?.producer !== undefined && { producedBy: skip.producer }),
    ...(command !== undefined && { command }),
    ...(Object.keys(params).length > 0 && { params: toAttributesJson(params) }),
    ...(overrides !== undefined && { overrides }),
    ...(deps.length > 0 && { deps }),
    ...(outs.length > 0 && { outs }),
  };
}

function toStudyJson(node: RunNode): StudyJson {
  const { name, direction, trialCount, states, best } = toStudyFacts(node);
  return {
    name,
    ...(direction !== undefined && { direction }),
    trialCount,
    states,
    ...(best !== undefined && { best: toTrialJson(best) }),
  };
}

function toTrialJson({ number, state, values, params }: TrialFacts): TrialJson {
  return {
    number,
    ...(state !== undefined && { state }),
    values: values.map(toNumberJson),
    params: toAttributesJson(params),
  };
}

function toMetricJson({ name, value, step, file, count }: Metric): MetricJson {
  return {
    name,
    value: toNumberJson(value),
    ...(step !== undefined && { step }),
    ...(file !== undefined && { file }),
    count,
  };
}

function toLinkJson({ traceId, spanId, attributes }: RunNode['links'][number]): LinkJson {
  const kind = toText(attributes[ATTR.linkKind]);
  return { traceId, spanId, ...(kind !== undefined && { kind }) };
}
