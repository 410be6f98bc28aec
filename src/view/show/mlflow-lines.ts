import { ATTR } from '../../model/attributes.ts';
import { describeLink, readRunLink, readTiedLinks } from '../../sink/mlflow/run-link.ts';
import type { MlflowLink } from '../../sink/mlflow/run-link.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import type { RunNode } from '../tree/run-node.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import type { Paint } from '../text/paint.ts';

/** Whose pages are asked for; without conditions those of the run, its trials and its stages. */
export interface LinkQuery {
  readonly isStage?: ((name: string) => boolean) | undefined;
  readonly trial?: number | undefined;
}

/** The runs in MLflow of a run's trials and stages, a line each. (That of the run itself is in the header.) */
export function drawMlflowLinks(course: RunCourse, paint: Paint): string[] {
  const rows = toRows(course, {});
  return rows.length === 0 ? [] : ['mlflow', ...layoutRows(rows, paint)];
}

/** The runs in MLflow of what is asked for, a line each; that of the run where nothing narrower is. */
export function drawAskedLinks(course: RunCourse, query: LinkQuery, paint: Paint): string[] {
  const isNarrow = query.isStage !== undefined || query.trial !== undefined;
  const link = isNarrow ? undefined : readRunLink(course.run.runDir);
  const run = link === undefined ? [] : [toRow(course.run.info.pipeline, link)];
  return layoutRows([...run, ...toRows(course, query)], paint);
}

function toRows({ run, root }: RunCourse, { isStage, trial }: LinkQuery): Cell[][] {
  const links = readTiedLinks(run.runDir);
  return [...walkInStages(root, undefined)].flatMap(({ node, stage }): Cell[][] => {
    const link = links.get(node.spanId);
    if (link === undefined) return [];
    if (isStage !== undefined && (stage === undefined || !isStage(stage))) return [];
    if (trial !== undefined && node.attributes[ATTR.trialNumber] !== trial) return [];
    return [toRow(toLabel(node), link)];
  });
}

function* walkInStages(
  node: RunNode,
  outer: string | undefined,
): Generator<{ readonly node: RunNode; readonly stage: string | undefined }> {
  const stage = node.kind === 'stage' ? node.name : outer;
  yield { node, stage };
  for (const child of node.children) yield* walkInStages(child, stage);
}

function toRow(label: string, link: MlflowLink): Cell[] {
  return [{ text: `  ${escapeLine(label)}`, style: 'dim' }, escapeLine(describeLink(link))];
}

/** Whole, also where the terminal is narrower: a link that is cut leads nowhere. */
function layoutRows(rows: Cell[][], paint: Paint): string[] {
  return layoutColumns(rows, [{}, {}], paint);
}

function toLabel({ kind, name, attributes }: RunNode): string {
  if (kind !== 'trial') return name;
  const { [ATTR.studyName]: study, [ATTR.trialNumber]: number } = attributes;
  return `${String(study)} trial ${String(number)}`;
}
