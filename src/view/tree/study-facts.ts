import { ATTR } from '../../model/attributes.ts';
import type { AttributeValue, TrialState } from '../../model/pipeline.ts';
import type { RunNode } from './run-node.ts';
import { pickByPrefix, toText } from './stage-facts.ts';

/** What a trial's span says of it. */
export interface TrialFacts {
  readonly number: number;
  /** `RUNNING` for one that hasn't ended. */
  readonly state: TrialState | undefined;
  /** One value, or several of a study with several objectives; none where it was pruned or failed. */
  readonly values: readonly number[];
  readonly params: Readonly<Record<string, AttributeValue>>;
}

/** What a study's span and its trials say of it. */
export interface StudyFacts {
  readonly name: string;
  readonly direction: string | undefined;
  readonly trialCount: number;
  /** Trials by state. */
  readonly states: Readonly<Partial<Record<TrialState, number>>>;
  /** With one objective, as the study itself told. */
  readonly best: TrialFacts | undefined;
}

export function toTrialFacts({ attributes, status }: RunNode): TrialFacts {
  const { [ATTR.trialValue]: value, [ATTR.trialValues]: values } = attributes;
  const isOpen = status === 'running' || status === 'interrupted';
  return {
    number: Number(attributes[ATTR.trialNumber]),
    state:
      (attributes[ATTR.trialState] as TrialState | undefined) ?? (isOpen ? 'RUNNING' : undefined),
    values: Array.isArray(values) ? values.map(Number) : value === undefined ? [] : [Number(value)],
    params: pickByPrefix(attributes, ATTR.trialParamPrefix),
  };
}

export function toStudyFacts(study: RunNode): StudyFacts {
  const trials = study.children.filter(({ kind }) => kind === 'trial');
  const states: Partial<Record<TrialState, number>> = {};
  for (const trial of trials) {
    const { state } = toTrialFacts(trial);
    if (state !== undefined) states[state] = (states[state] ?? 0) + 1;
  }
  const best = findBest(study, trials);
  return {
    name: study.name,
    direction: toText(study.attributes[ATTR.studyDirection]),
    trialCount: trials.length,
    states,
    best: best && toTrialFacts(best),
  };
}

/** Optuna names the best trial with every one that ends; a study under way has it from the last that did. */
function findBest(study: RunNode, trials: readonly RunNode[]): RunNode | undefined {
  const told = study.attributes[ATTR.bestTrial];
  if (told !== undefined) {
    return trials.find(({ attributes }) => attributes[ATTR.trialNumber] === Number(told));
  }
  return trials.findLast(({ attributes }) => attributes[ATTR.trialBest] === true);
}
