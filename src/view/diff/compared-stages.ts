import { dirname, join } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import { openRun } from '../open-run.ts';
import { loadCourse } from '../tree/load-tree.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import { walk } from '../tree/run-node.ts';
import type { RunNode } from '../tree/run-node.ts';
import { toStageFacts } from '../tree/stage-facts.ts';
import type { ComparedStage } from './run-facts.ts';

/**
 * The stages of a run. A skipped one has no metrics or trials of its own: its outputs are those of the run that produced
 * them, and so are its results, where that run is still beside this one.
 */
export async function findComparedStages(course: RunCourse): Promise<ComparedStage[]> {
  const producers = new Map<string, RunCourse | undefined>();
  const counts = new Map<string, number>();
  const stages: ComparedStage[] = [];
  for (const node of walk(course.root)) {
    if (node.kind !== 'stage') continue;
    const count = (counts.get(node.name) ?? 0) + 1;
    counts.set(node.name, count);
    stages.push({
      address: count === 1 ? node.name : `${node.name} (${count})`,
      node,
      origin: node.status === 'skip' ? await findOrigin(node, { course, producers }) : node,
    });
  }
  return stages;
}

async function findOrigin(
  node: RunNode,
  { course, producers }: { course: RunCourse; producers: Map<string, RunCourse | undefined> },
): Promise<RunNode | undefined> {
  const runId = toStageFacts(node).skip?.producerRunId;
  if (runId === undefined) return undefined;
  if (!producers.has(runId)) {
    const run = await openRun(join(dirname(course.run.runDir), runId));
    producers.set(runId, run && loadCourse(run));
  }
  const link = node.links.find(({ attributes }) => attributes[ATTR.linkKind] === 'producer');
  const producer = producers.get(runId);
  if (producer === undefined) return undefined;
  return [...walk(producer.root)].find(({ spanId }) => spanId === link?.spanId);
}
