import { SECTIONS } from './run-facts.ts';
import type { Fact, RunFacts, Scalar, SectionName } from './run-facts.ts';

/** One thing that two runs don't have alike; a side that hasn't it is `undefined`. */
export interface Difference {
  readonly name: string;
  readonly left: Scalar | undefined;
  readonly right: Scalar | undefined;
  /** The stages that it is of, where it is of some. */
  readonly stages: readonly string[];
}

export interface DurationPair {
  readonly stage: string;
  readonly leftMs: number;
  readonly rightMs: number;
}

/** How two runs differ. */
export interface Comparison {
  readonly differences: Readonly<Record<SectionName, readonly Difference[]>>;
  /** How many things of each kind both have alike. */
  readonly equalCounts: Readonly<Record<SectionName, number>>;
  /** Of the stages that ran in both. They never make runs different: no two are the same. */
  readonly durations: readonly DurationPair[];
  readonly isEqual: boolean;
}

export function compareRuns(left: RunFacts, right: RunFacts): Comparison {
  const sections = SECTIONS.map((name) => ({ name, ...compareSection(name, { left, right }) }));
  const durations = [...left.durationsMs].flatMap(([stage, leftMs]) => {
    const rightMs = right.durationsMs.get(stage);
    return rightMs === undefined ? [] : [{ stage, leftMs, rightMs }];
  });
  return {
    differences: toRecord(sections.map(({ name, differences }) => [name, differences])),
    equalCounts: toRecord(sections.map(({ name, equalCount }) => [name, equalCount])),
    durations,
    isEqual: sections.every(({ differences }) => differences.length === 0),
  };
}

function toRecord<Value>(entries: [SectionName, Value][]): Record<SectionName, Value> {
  return Object.fromEntries(entries) as Record<SectionName, Value>;
}

interface Sides {
  readonly left: RunFacts;
  readonly right: RunFacts;
}

function compareSection(
  name: SectionName,
  { left, right }: Sides,
): { differences: Difference[]; equalCount: number } {
  const pairs = toPairs(left.facts[name], right.facts[name]);
  const differences: Difference[] = [];
  const equal = new Set<string>();
  for (const { fact, left: leftValue, right: rightValue } of pairs) {
    if (Object.is(leftValue, rightValue)) equal.add(fact.name);
    else if (isComparable(fact.stage, left.knownStages[name], right.knownStages[name])) {
      addDifference(differences, { fact, left: leftValue, right: rightValue });
    }
  }
  return { differences, equalCount: equal.size };
}

interface Pair {
  readonly fact: Fact;
  readonly left: Scalar | undefined;
  readonly right: Scalar | undefined;
}

function toPairs(left: readonly Fact[], right: readonly Fact[]): Pair[] {
  const rightValues = new Map(right.map((fact) => [toKey(fact), fact.value]));
  const leftKeys = new Set(left.map(toKey));
  return [
    ...left.map((fact) => ({ fact, left: fact.value, right: rightValues.get(toKey(fact)) })),
    ...right
      .filter((fact) => !leftKeys.has(toKey(fact)))
      .map((fact) => ({ fact, left: undefined, right: fact.value })),
  ];
}

function toKey({ name, stage }: Fact): string {
  return `${stage ?? ''}\n${name}`;
}

/** What a stage says can only be compared where it says something in both runs. */
function isComparable(
  stage: string | undefined,
  left: ReadonlySet<string> | undefined,
  right: ReadonlySet<string> | undefined,
): boolean {
  return stage === undefined || (left?.has(stage) === true && right?.has(stage) === true);
}

/** The same difference of several stages, as a parameter that they all use makes it, is one. */
function addDifference(differences: Difference[], { fact, left, right }: Pair): void {
  const stages = fact.stage === undefined ? [] : [fact.stage];
  const known = differences.findIndex(
    (each) => each.name === fact.name && Object.is(each.left, left) && Object.is(each.right, right),
  );
  const same = differences[known];
  if (same === undefined) differences.push({ name: fact.name, left, right, stages });
  else differences[known] = { ...same, stages: [...same.stages, ...stages] };
}
