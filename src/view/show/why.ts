import type { AttributeValue } from '../../model/pipeline.ts';
import { ATTR } from '../../model/attributes.ts';
import { toShortId } from '../short-id.ts';
import { escapeLine } from '../text/escape.ts';
import type { NodeError, RunNode } from '../tree/run-node.ts';
import { toStageFacts, toText } from '../tree/stage-facts.ts';
import type { StageFacts } from '../tree/stage-facts.ts';
import { toStudyFacts, toTrialFacts } from '../tree/study-facts.ts';
import type { StudyFacts, TrialFacts } from '../tree/study-facts.ts';
import { formatCount, formatNumber } from '../text/units.ts';

/** What there is to say of a node in a few words: why it ran or didn't, how it failed, what came out. */
export function describeNode(node: RunNode): string {
  return escapeLine(toWords(node));
}

function toWords(node: RunNode): string {
  const { attributes } = node;
  if (node.kind === 'study') return describeStudy(toStudyFacts(node));
  if (node.kind === 'trial') return describeTrial(toTrialFacts(node), node.error);
  if (node.kind === 'job') return describeJob(node);
  if (node.error !== undefined) return describeError(node.error);
  if (node.kind === 'stage') return describeStage(toStageFacts(node));
  if (node.kind === 'flow') return toText(attributes[ATTR.prefectFlowRunName]) ?? '';
  return node.kind === 'command' ? toCommandLine(node) : '';
}

function toCommandLine({ attributes }: RunNode): string {
  return toText(attributes[ATTR.commandLine]) ?? toList(attributes[ATTR.commandArgs]).join(' ');
}

function describeJob({ attributes, error }: RunNode): string {
  const overrides = toList(attributes[ATTR.hydraOverrides]).join(' ');
  return error === undefined ? overrides : `${describeError(error)}  ${overrides}`;
}

/** `ValueError: accuracy 0.9 is below 0.99`, `exit code 1`, `SIGKILL`. */
export function describeError({ type, message }: NodeError): string {
  const name = type !== undefined && /^-?\d+$/.test(type) ? `exit code ${type}` : type;
  // DVC's own words for a command that failed repeat the command.
  const text = message?.startsWith('failed to ') === true ? undefined : message;
  if (name === undefined || text === undefined || text === name) return name ?? text ?? '';
  return `${name}: ${text.trim().split('\n')[0]}`;
}

function describeStage({ outcome, changed, skip }: StageFacts): string {
  if (skip !== undefined) {
    const producer =
      skip.producerRunId === undefined
        ? skip.producer
        : `produced by run ${toShortId(skip.producerRunId)}`;
    const reason = outcome === 'unchanged' ? 'unchanged' : skip.reason;
    return [reason, producer].filter((part) => part !== undefined).join(', ');
  }
  if (changed === undefined) return '';
  return changed.length === 0 ? 'nothing changed' : describeChanges(changed);
}

/** Why a stage ran that has nothing to compare with, or nothing that differs. */
const REASONS: Readonly<Record<string, string>> = {
  new: 'new',
  always: 'always changed',
  forced: 'forced',
};
const KINDS: Readonly<Record<string, string>> = { param: 'param', out: 'output' };

/** `cmd`, `dep:src/a.py`, `param:train` in words; what is new has nothing to compare with. */
function describeChanges(changed: readonly string[]): string {
  const [only] = changed;
  if (changed.length === 1 && only !== undefined && only in REASONS) return REASONS[only]!;
  const words = changed.map((change) =>
    change === 'cmd'
      ? 'command'
      : change
          .replace(/^dep:/, '')
          .replace(/^(param|out):/, (_, kind: string) => `${KINDS[kind]} `),
  );
  return `changed: ${words.join(', ')}`;
}

/** What there is to say of trials beside how many there are; that they completed goes without saying. */
const STATE_WORDS = { PRUNED: 'pruned', FAIL: 'failed', RUNNING: 'running' } as const;

function describeStudy({ trialCount, states }: StudyFacts): string {
  const others = Object.entries(STATE_WORDS).flatMap(([state, word]) => {
    const count = states[state as keyof typeof STATE_WORDS];
    return count === undefined ? [] : [`${count} ${word}`];
  });
  return [formatCount(trialCount, 'trial'), ...others].join(', ');
}

function describeTrial(trial: TrialFacts, error: NodeError | undefined): string {
  const { state, values, params } = trial;
  const parts = [
    values.map((value) => formatNumber(value)).join(', '),
    error === undefined ? '' : describeError(error),
    state === 'PRUNED' ? 'pruned' : '',
    formatParams(params),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** `lr=0.001 depth=3` */
export function formatParams(params: Readonly<Record<string, AttributeValue>>): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${formatValue(value)}`)
    .join(' ');
}

function formatValue(value: AttributeValue): string {
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

function toList(value: AttributeValue | undefined): string[] {
  return Array.isArray(value) ? (value as unknown[]).map(String) : [];
}
