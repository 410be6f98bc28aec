import { toEndTime } from '../run-status.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import { drawError } from './error-lines.ts';
import { drawCounts, drawHints } from './footer.ts';
import type { HintOptions } from './footer.ts';
import { drawHeader } from './header.ts';
import { drawMlflowLinks } from './mlflow-lines.ts';
import { drawTree } from './tree-lines.ts';

/** A run as `show` draws it. */
export function drawRun(
  course: RunCourse,
  options: HintOptions & { readonly showsLinks?: boolean },
): string {
  const { paint } = options;
  const sections = [
    drawHeader(course.run, paint),
    drawTree(course.root, { ...options, end: toEndTime(course.run) }),
    options.showsLinks === true ? drawMlflowLinks(course, paint) : [],
    course.firstError === undefined ? [] : drawError(course.firstError, paint),
    [drawCounts(course, paint), ...drawHints(course, options)],
  ];
  const drawn = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${drawn.join('\n\n')}\n`;
}
