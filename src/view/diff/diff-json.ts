import { toNumberJson } from '../records/record-json.ts';
import { toRunJson } from '../run-json.ts';
import type { RunJson } from '../run-json.ts';
import type { OpenedRun } from '../open-run.ts';
import type { Comparison, Difference, DurationPair } from './compare.ts';
import { SECTIONS } from './run-facts.ts';
import type { Scalar, SectionName } from './run-facts.ts';

/** What `diff --json` prints. docs/reading-runs.md describes it. */
export interface DiffJson {
  readonly left: RunJson;
  readonly right: RunJson;
  readonly isEqual: boolean;
  readonly differences: Readonly<Record<SectionName, readonly DifferenceJson[]>>;
  readonly equalCounts: Readonly<Record<SectionName, number>>;
  readonly durations: readonly DurationPair[];
}

export interface DifferenceJson {
  readonly name: string;
  /** Left out on the side that hasn't it. */
  readonly left?: Scalar;
  readonly right?: Scalar;
  readonly stages?: readonly string[];
}

export function toDiffJson(
  [left, right]: readonly [left: OpenedRun, right: OpenedRun],
  { differences, equalCounts, durations, isEqual }: Comparison,
): DiffJson {
  return {
    left: toRunJson(left),
    right: toRunJson(right),
    isEqual,
    differences: Object.fromEntries(
      SECTIONS.map((name) => [name, differences[name].map(toDifferenceJson)]),
    ) as unknown as DiffJson['differences'],
    equalCounts,
    durations,
  };
}

function toDifferenceJson({ name, left, right, stages }: Difference): DifferenceJson {
  return {
    name,
    ...(left !== undefined && { left: toScalarJson(left) }),
    ...(right !== undefined && { right: toScalarJson(right) }),
    ...(stages.length > 0 && { stages }),
  };
}

function toScalarJson(value: Scalar): Scalar {
  return typeof value === 'number' ? toNumberJson(value) : value;
}
