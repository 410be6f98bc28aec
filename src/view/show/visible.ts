import type { RunNode } from '../tree/run-node.ts';

/** Trials are listed when a study has no more. */
const MAX_LISTED_TRIALS = 12;

/** What of a node is listed below it. */
export interface VisibleChildren {
  readonly listed: readonly RunNode[];
  /** Trials that aren't, because they are many. */
  readonly hiddenTrialCount: number;
}

/**
 * The children that `show` lists: not the only command of a stage, nor the trials of a long study unless all are asked
 * for, nor spans of the pipeline's own code, unless there is more in them.
 */
export function toVisible(node: RunNode, showsTrials: boolean): VisibleChildren {
  const trials = node.children.filter(({ kind }) => kind === 'trial');
  const hidesTrials = !showsTrials && trials.length > MAX_LISTED_TRIALS;
  const commandCount = node.children.filter(({ kind }) => kind === 'command').length;
  const listed = node.children.filter((child) => {
    if (child.kind === 'trial') return !hidesTrials;
    if (child.kind === 'command' && commandCount < 2) return false;
    return child.kind !== 'span' || holdsMore(child);
  });
  return { listed, hiddenTrialCount: hidesTrials ? trials.length : 0 };
}

function holdsMore(node: RunNode): boolean {
  return node.children.some((child) => child.kind !== 'span' || holdsMore(child));
}
