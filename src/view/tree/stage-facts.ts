import { ATTR } from '../../model/attributes.ts';
import { isRunId } from '../../model/ids.ts';
import type { Attributes, AttributeValue, StageOutcome } from '../../model/pipeline.ts';
import type { RunNode } from './run-node.ts';

/** A file or folder that a stage reads or writes, as `dvc.lock` has it. */
export interface StagePath {
  readonly path: string;
  readonly md5: string | undefined;
  readonly sizeBytes: number | undefined;
}

/** Why a stage didn't run, and where its outputs come from. */
export interface SkipFacts {
  readonly reason: string | undefined;
  /** The run that put them out. */
  readonly producerRunId: string | undefined;
  /** In words, when none of the runs here did. */
  readonly producer: string | undefined;
}

/** What a stage's span says of it. */
export interface StageFacts {
  readonly outcome: StageOutcome | undefined;
  /** Why it ran: `cmd`, `dep:src/train.py`, `param:train`, `new`. `undefined` when nothing says. */
  readonly changed: readonly string[] | undefined;
  readonly skip: SkipFacts | undefined;
  readonly command: string | undefined;
  /** By name; parameters of another file than `params.yaml` have it before them: `conf.yaml:lr`. */
  readonly params: Readonly<Record<string, AttributeValue>>;
  readonly overrides: readonly string[] | undefined;
  readonly deps: readonly StagePath[];
  readonly outs: readonly StagePath[];
}

export function toStageFacts({ attributes, status }: RunNode): StageFacts {
  const outcome = attributes[ATTR.dvcOutcome] as StageOutcome | undefined;
  return {
    outcome,
    changed: toTexts(attributes[ATTR.dvcChanged]),
    skip: status === 'skip' ? toSkipFacts(attributes) : undefined,
    command: toText(attributes[ATTR.dvcCommand]),
    params: pickByPrefix(attributes, ATTR.dvcParamPrefix),
    overrides: toTexts(attributes[ATTR.hydraOverrides]),
    deps: (toTexts(attributes[ATTR.dvcDeps]) ?? []).map(parsePath),
    outs: (toTexts(attributes[ATTR.dvcOuts]) ?? []).map(parsePath),
  };
}

function toSkipFacts(attributes: Attributes): SkipFacts {
  const producer = toText(attributes[ATTR.producedBy]);
  const isRun = producer !== undefined && isRunId(producer);
  return {
    reason: toText(attributes[ATTR.skipReason]),
    producerRunId: isRun ? producer : undefined,
    producer: isRun ? undefined : producer,
  };
}

/** The attributes whose names begin with `prefix`, without it. */
export function pickByPrefix(
  attributes: Attributes,
  prefix: string,
): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

export function toText(value: AttributeValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function toTexts(value: AttributeValue | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? (value as unknown[]).map(String) : undefined;
}

const PATH = /^(.*?)(?: ([0-9a-f]{8,64}(?:\.dir)?))?(?: (\d{1,16}))?$/s;

/** `path md5 size`, of which md5 and size may be missing; the path may hold spaces. */
function parsePath(text: string): StagePath {
  const [, path = text, md5, size] = PATH.exec(text) ?? [];
  return { path, md5, sizeBytes: size === undefined ? undefined : Number(size) };
}
