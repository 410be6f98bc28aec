import { ATTR } from '../../model/attributes.ts';
import { readTiedLinks } from '../../sink/mlflow/run-link.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import { walk } from '../tree/run-node.ts';
import type { RunNode } from '../tree/run-node.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import type { Paint } from '../text/paint.ts';

/** The runs in MLflow of a run's trials and stages, a line each. (That of the run itself is in the header.) */
export function drawMlflowLinks({ run, root }: RunCourse, paint: Paint): string[] {
  const links = readTiedLinks(run.runDir);
  const rows = [...walk(root)].flatMap((node): Cell[][] => {
    const link = links.get(node.spanId);
    if (link === undefined) return [];
    return [[{ text: `  ${toLabel(node)}`, style: 'dim' }, escapeLine(link.url)]];
  });
  return rows.length === 0 ? [] : ['mlflow', ...layoutColumns(rows, [{}, { minWidth: 20 }], paint)];
}

function toLabel({ kind, name, attributes }: RunNode): string {
  if (kind !== 'trial') return escapeLine(name);
  const { [ATTR.studyName]: study, [ATTR.trialNumber]: number } = attributes;
  return escapeLine(`${String(study)} trial ${String(number)}`);
}
